internal import Glibc
public import Primitives

/// Estimates the number of distinct elements from 16,384 registers, in Redis' format.
///
/// ```text
/// 0      4          5        8                  16
/// ┌──────┬──────────┬────────┬──────────────────┬──────────────────────────────────┐
/// │ HYLL │ encoding │ unused │ cardinality, top │ dense: 12,288 bytes of registers │
/// │      │ 0 or 1   │        │ bit set: stale   │ sparse: runs of equal registers  │
/// └──────┴──────────┴────────┴──────────────────┴──────────────────────────────────┘
/// ```
/// An element's hash selects a register and yields a rank, the position of the first one bit in the
/// rest of the hash; a register keeps the greatest rank seen. The bytes may come from clients, so
/// every read here is checked.
///
/// Source: P. Flajolet et al., "HyperLogLog", 2007; the estimator is that of O. Ertl, "New
/// cardinality estimation algorithms for HyperLogLog sketches", 2017.
public enum HyperLogLog {
    /// The number of registers.
    public static let registerCount = 16_384
    /// The size of the header before the registers, in bytes.
    public static let headerByteCount = 16
    /// The size of the dense form, in bytes.
    public static let denseByteCount = headerByteCount + registerCount * 6 / 8
    /// The maximum rank.
    static let rankMax = 51
    private static let seed: UInt64 = 0xADC8_3B19
    private static let encodingOffset = 4
    private static let cardinalityOffset = 8

    /// How the registers are stored.
    public enum Encoding: UInt8, Sendable {
        /// 6 bits each.
        case dense = 0
        /// Runs of equal registers.
        case sparse = 1
    }

    /// Why bytes are rejected.
    public enum Failure: Error {
        /// They are not a HyperLogLog.
        case foreign
        /// Their runs do not cover the registers exactly.
        case corrupted
    }

    /// A register index and the rank that an element yields for it.
    public struct Observation: Sendable {
        /// The index of the register.
        public let index: Int
        /// The rank, 1 to 51; 0 has no effect.
        public let rank: UInt8

        /// Creates an observation.
        public init(index: Int, rank: UInt8) {
            self.index = index
            self.rank = rank
        }

        /// Hashes `element` to its observation.
        public init(_ element: Bytes) {
            let hash = HyperLogLogRegisters.hash(element, seed: HyperLogLog.seed)
            index = Int(hash & UInt64(HyperLogLog.registerCount - 1))
            rank = UInt8(((hash >> 14 | 1 << 50).trailingZeroBitCount) + 1)
        }
    }

    // MARK: Header

    /// How the registers in `bytes` are stored.
    ///
    /// Throws: `foreign`.
    public static func encoding(_ bytes: Bytes) throws(Failure) -> Encoding {
        guard bytes.count >= headerByteCount, bytes[0..<4] == Bytes("HYLL"),
            let encoding = Encoding(rawValue: bytes[encodingOffset]),
            encoding == .sparse || bytes.count == denseByteCount
        else { throw .foreign }
        return encoding
    }

    /// Writes the header of a HyperLogLog stored as `encoding`, with a stale cardinality.
    public static func writeHeader(_ encoding: Encoding, to cell: Cell) {
        cell.zero(0, headerByteCount)
        cell.put(Bytes("HYLL"), 0)
        setEncoding(encoding, of: cell)
        invalidate(cell)
    }

    /// Sets the encoding in the header.
    public static func setEncoding(_ encoding: Encoding, of cell: Cell) {
        cell.store(encoding.rawValue, encodingOffset)
    }

    /// The cardinality cached in the header, or nil if it is stale.
    public static func notedCardinality(_ bytes: Bytes) -> Int64? {
        var noted: UInt64 = 0
        for index in 0..<8 {
            noted |= UInt64(bytes[cardinalityOffset + index]) << UInt64(8 * index)
        }
        return Int64(exactly: noted)
    }

    /// Caches the cardinality in the header.
    public static func note(_ cardinality: Int64, in cell: Cell) {
        cell.store(cardinality, cardinalityOffset)
    }

    /// Marks the cached cardinality as stale.
    public static func invalidate(_ cell: Cell) {
        let last = cardinalityOffset + 7
        cell.store(cell.byte(last) | 0x80, last)
    }

    // MARK: Estimating

    /// Estimates the number of distinct elements that the registers in `bytes` have seen.
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

    /// Estimates the number of distinct elements from a histogram of the registers.
    static func cardinality(_ histogram: RegisterHistogram) -> Int64 {
        let registers = Double(registerCount)
        var sum = registers * tau((registers - Double(histogram[rankMax])) / registers)
        for rank in stride(from: rankMax - 1, through: 1, by: -1) {
            sum = (sum + Double(histogram[rank])) * 0.5
        }
        sum += registers * sigma(Double(histogram[0]) / registers)
        // 1 / (2 ln 2): the bias as the number of registers tends to infinity.
        let estimate = 0.721347520444481703680 * registers * registers / sum
        // Forged registers may yield infinity.
        return Int64(exactly: estimate.rounded(.toNearestOrAwayFromZero)) ?? .min
    }

    /// x + Σ x^(2^k) · 2^(k-1): the contribution of registers at zero.
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

    /// (1 - x - Σ (1 - x^(2^-k))² · 2^-k) / 3: the contribution of registers at the maximum.
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
