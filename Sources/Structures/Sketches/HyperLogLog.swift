internal import Glibc
public import Primitives

/// How many different elements were seen, from 16,384 registers, in the bytes that Redis uses.
///
/// ```text
/// 0      4          5        8                  16
/// ┌──────┬──────────┬────────┬──────────────────┬──────────────────────────────────┐
/// │ HYLL │ encoding │ unused │ cardinality, top │ dense: 12,288 bytes of registers │
/// │      │ 0 or 1   │        │ bit set: stale   │ sparse: runs of equal registers  │
/// └──────┴──────────┴────────┴──────────────────┴──────────────────────────────────┘
/// ```
/// An element's hash names a register and a rank, the place of the first one bit in the rest of the
/// hash; a register keeps the greatest rank that it met. Bytes come from clients as they please:
/// everything here reads them with checks.
///
/// Source: P. Flajolet et al., "HyperLogLog", 2007; the estimator is that of O. Ertl, "New
/// cardinality estimation algorithms for HyperLogLog sketches", 2017.
public enum HyperLogLog {
    /// The registers.
    public static let registerCount = 16_384
    /// The bytes before the registers.
    public static let headerByteCount = 16
    /// The bytes of the dense form.
    public static let denseByteCount = headerByteCount + registerCount * 6 / 8
    /// The greatest rank.
    static let rankMax = 51
    private static let seed: UInt64 = 0xADC8_3B19
    private static let encodingOffset = 4
    private static let cardinalityOffset = 8

    /// How the registers are kept.
    public enum Encoding: UInt8, Sendable {
        /// 6 bits each.
        case dense = 0
        /// Runs of equal ones.
        case sparse = 1
    }

    /// Why bytes are no good.
    public enum Failure: Error {
        /// They do not even look like a HyperLogLog.
        case foreign
        /// Their runs do not cover the registers.
        case corrupted
    }

    /// A register's number and the rank that an element gives it.
    public struct Observation: Sendable {
        /// The register.
        public let index: Int
        /// The rank, 1 to 51; 0 changes nothing.
        public let rank: UInt8

        /// Joins the two.
        public init(index: Int, rank: UInt8) {
            self.index = index
            self.rank = rank
        }

        /// What `element` shows.
        public init(_ element: Bytes) {
            let hash = HyperLogLogRegisters.hash(element, seed: HyperLogLog.seed)
            index = Int(hash & UInt64(HyperLogLog.registerCount - 1))
            rank = UInt8(((hash >> 14 | 1 << 50).trailingZeroBitCount) + 1)
        }
    }

    // MARK: Header

    /// How the registers in `bytes` are kept.
    ///
    /// Throws: `foreign`.
    public static func encoding(_ bytes: Bytes) throws(Failure) -> Encoding {
        guard bytes.count >= headerByteCount, bytes[0..<4] == Bytes("HYLL"),
            let encoding = Encoding(rawValue: bytes[encodingOffset]),
            encoding == .sparse || bytes.count == denseByteCount
        else { throw .foreign }
        return encoding
    }

    /// Writes the header of a HyperLogLog that is kept as `encoding`, its cardinality stale.
    public static func writeHeader(_ encoding: Encoding, to cell: Cell) {
        cell.zero(0, headerByteCount)
        cell.put(Bytes("HYLL"), 0)
        setEncoding(encoding, of: cell)
        invalidate(cell)
    }

    /// Says that the registers are kept as `encoding`.
    public static func setEncoding(_ encoding: Encoding, of cell: Cell) {
        cell.store(encoding.rawValue, encodingOffset)
    }

    /// The cardinality that was noted in the header, or nil when the registers changed since.
    public static func notedCardinality(_ bytes: Bytes) -> Int64? {
        var noted: UInt64 = 0
        for index in 0..<8 {
            noted |= UInt64(bytes[cardinalityOffset + index]) << UInt64(8 * index)
        }
        return Int64(exactly: noted)
    }

    /// Notes the cardinality in the header.
    public static func note(_ cardinality: Int64, in cell: Cell) {
        cell.store(cardinality, cardinalityOffset)
    }

    /// Marks the cardinality in the header as stale.
    public static func invalidate(_ cell: Cell) {
        let last = cardinalityOffset + 7
        cell.store(cell.byte(last) | 0x80, last)
    }

    // MARK: Estimating

    /// The number of different elements that the registers in `bytes` saw.
    ///
    /// Throws: `corrupted`.
    public static func cardinality(
        _ bytes: Bytes,
        _ encoding: Encoding
    ) throws(Failure) -> Int64 {
        var histogram = RegisterHistogram()
        switch encoding {
        case .dense: histogram.add(packed: bytes.dropFirst(headerByteCount))
        case .sparse: try SparseRegisters(bytes).count(&histogram)
        }
        return cardinality(histogram)
    }

    /// The number of different elements that registers counted by value saw.
    static func cardinality(_ histogram: RegisterHistogram) -> Int64 {
        let registers = Double(registerCount)
        var sum = registers * tau((registers - Double(histogram[rankMax])) / registers)
        for rank in stride(from: rankMax - 1, through: 1, by: -1) {
            sum = (sum + Double(histogram[rank])) * 0.5
        }
        sum += registers * sigma(Double(histogram[0]) / registers)
        // 1 / (2 ln 2): the bias when there are ever more registers.
        let estimate = 0.721347520444481703680 * registers * registers / sum
        // Forged registers may stand for infinitely many.
        return Int64(exactly: estimate.rounded(.toNearestOrAwayFromZero)) ?? .min
    }

    /// x + Σ x^(2^k) · 2^(k-1): what registers that saw nothing stand for.
    private static func sigma(_ share: Double) -> Double {
        guard share < 1 else { return .infinity }
        var power = share
        var weight = 1.0
        var sum = share
        while true {
            power *= power
            let last = sum
            sum += power * weight
            weight += weight
            if sum == last { return sum }
        }
    }

    /// (1 - x - Σ (1 - x^(2^-k))² · 2^-k) / 3: what registers that are full stand for.
    private static func tau(_ share: Double) -> Double {
        guard share > 0, share < 1 else { return 0 }
        var root = share
        var weight = 1.0
        var sum = 1 - share
        while true {
            root = root.squareRoot()
            let last = sum
            weight *= 0.5
            sum -= (1 - root) * (1 - root) * weight
            if sum == last { return sum / 3 }
        }
    }
}
