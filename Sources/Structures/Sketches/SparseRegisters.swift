public import Primitives

/// A view of a sparse HyperLogLog's registers: runs of equal ones, for reading.
///
/// ```text
/// 00nnnnnn             n + 1 registers at zero
/// 01nnnnnn nnnnnnnn    the same, for up to 16,384 registers
/// 1vvvvvnn             n + 1 registers (up to 4) at v + 1 (up to 32)
/// ```
/// The bytes come from a client: the runs may cover too few or too many registers.
public struct SparseRegisters {
    /// The maximum rank that a run can hold.
    public static let rankMax: UInt8 = 32
    /// The size of a sparse HyperLogLog with all registers at zero, in bytes.
    public static let emptyByteCount = HyperLogLog.headerByteCount + 2
    static let start = HyperLogLog.headerByteCount

    /// A run of equal registers.
    struct Run {
        /// The size in bytes.
        let byteCount: Int
        /// The number of registers covered.
        let count: Int
        /// The value of the registers.
        let rank: UInt8
        /// Whether the run has the two-byte form; its second byte may be missing at the end.
        let isLong: Bool
    }

    private let bytes: Bytes

    /// Views `bytes`, whose header must have been checked.
    public init(_ bytes: Bytes) { self.bytes = bytes }

    /// Writes a sparse HyperLogLog with all registers at zero and a stale cardinality.
    public static func writeEmpty(to cell: Cell) {
        HyperLogLog.writeHeader(.sparse, to: cell)
        cell.store(UInt8(0x7F), start)
        cell.store(UInt8(0xFF), start + 1)
    }

    /// Reads the run at `offset` of `bytes`.
    ///
    /// A missing second byte counts as zero.
    static func run(_ bytes: Bytes, _ offset: Int) -> Run {
        let first = bytes[offset]
        if first >= 0x80 {
            let rank = (first >> 2 & 31) + 1
            return Run(byteCount: 1, count: Int(first & 3) + 1, rank: rank, isLong: false)
        }
        if first < 0x40 { return Run(byteCount: 1, count: Int(first) + 1, rank: 0, isLong: false) }
        let hasSecond = offset + 1 < bytes.count
        let second = hasSecond ? Int(bytes[offset + 1]) : 0
        let count = (Int(first & 63) << 8) + second + 1
        return Run(byteCount: hasSecond ? 2 : 1, count: count, rank: 0, isLong: true)
    }

    /// Calls `body` with each run and the index of its first register, until it returns false.
    func forEach(_ body: (Int, Run) -> Bool) {
        var offset = SparseRegisters.start
        var index = 0
        while offset < bytes.count {
            let run = SparseRegisters.run(bytes, offset)
            guard body(index, run) else { return }
            index += run.count
            offset += run.byteCount
        }
    }

    /// Adds the registers to `histogram`.
    ///
    /// Throws: `corrupted`, if the runs do not cover all registers exactly.
    func count(_ histogram: inout RegisterHistogram) throws(HyperLogLog.Failure) {
        var covered = 0
        forEach { _, run in
            covered += run.count
            histogram.add(run.count, of: run.rank)
            return true
        }
        guard covered == HyperLogLog.registerCount else { throw .corrupted }
    }

    /// Raises `registers` to at least the values in the runs.
    ///
    /// Throws: `corrupted`, if the runs do not cover all registers exactly.
    func merge(into registers: inout HyperLogLogRegisters) throws(HyperLogLog.Failure) {
        var covered = 0
        forEach { index, run in
            covered = index + run.count
            guard covered <= HyperLogLog.registerCount else { return false }
            if run.rank > 0 {
                registers.raise(index, count: run.count, to: run.rank)
            }
            return true
        }
        guard covered == HyperLogLog.registerCount else { throw .corrupted }
    }

    /// Appends the runs in the format of PFDEBUG DECODE: `z:3 Z:100 v:2,1`.
    public func describe(to text: inout ByteBuffer) {
        var separator = false
        forEach { _, run in
            if separator { text.append(0x20) }
            separator = true
            if run.rank > 0 {
                text.append("v:")
                text.append(decimal: Int64(run.rank))
                text.append(0x2C)
            } else {
                text.append(run.isLong ? "Z:" : "z:")
            }
            text.append(decimal: Int64(run.count))
            return true
        }
    }
}

/// An editable copy of a sparse HyperLogLog.
///
/// It changes runs exactly as Redis does, so that the same elements give the same bytes.
public struct SparseRegistersEditor: ~Copyable {
    /// The result of an attempt to raise a register.
    public enum Outcome: Sendable {
        /// The register was already as high.
        case unchanged
        /// The register was raised, and the cardinality is stale.
        case raised
        /// The rank or the result does not fit the sparse form.
        case tooLarge
        /// No run covers the register.
        case corrupted
    }

    /// Where to start searching for a register at or after `index`.
    ///
    /// This is the last run but one before the run that was changed last.
    private struct Resume {
        var offset = SparseRegisters.start
        var first = 0
        var index = 0
    }

    /// The run that covers a register.
    private struct Place {
        var offset: Int
        var previous: Int?
        /// The index of the run's first register.
        var first: Int
        var run: SparseRegisters.Run
    }

    private var buffer: ByteBuffer
    private var resume = Resume()
    private let byteCountMax: Int

    /// Copies `bytes`, whose header must have been checked; may grow to `byteCountMax` bytes.
    public init(copying bytes: Bytes, byteCountMax: Int) {
        self.byteCountMax = byteCountMax
        buffer = ByteBuffer(capacity: bytes.count + 64)
        buffer.append(bytes)
    }

    /// The current bytes.
    public var bytes: Bytes { buffer.bytes }

    /// Raises the observed register to the observed rank if it is lower.
    ///
    /// Complexity: O(runs before it), or O(1) if called for registers in ascending order.
    public mutating func raise(_ observation: HyperLogLog.Observation) -> Outcome {
        let (index, rank) = (observation.index, observation.rank)
        guard rank <= SparseRegisters.rankMax else { return .tooLarge }
        guard let place = find(index) else { return .corrupted }
        let run = place.run
        if run.rank >= rank { return .unchanged }
        if run.count == 1, !run.isLong {
            buffer.cell.store(SparseRegistersEditor.byte(rank, 1), place.offset)
        } else {
            var parts = Parts()
            parts.append(index - place.first, run.rank)
            parts.append(1, rank)
            parts.append(place.first + run.count - 1 - index, run.rank)
            let growth = parts.count - run.byteCount
            guard growth <= 0 || buffer.count + growth <= byteCountMax else { return .tooLarge }
            replace(place.offset, run.byteCount, by: parts)
        }
        // The run to resume from may be merged into its neighbour: search from the start again.
        if place.previous == resume.offset { resume = Resume() }
        unite(from: place.previous ?? SparseRegisters.start)
        HyperLogLog.invalidate(buffer.cell)
        return .raised
    }

    /// Finds the run that covers register `index`; nil if there is none.
    private mutating func find(_ index: Int) -> Place? {
        let bytes = buffer.bytes
        if index < resume.index { resume = Resume() }
        var offset = resume.offset
        var first = resume.first
        var previous: (offset: Int, first: Int)?
        while offset < bytes.count {
            let run = SparseRegisters.run(bytes, offset)
            if index < first + run.count {
                return Place(offset: offset, previous: previous?.offset, first: first, run: run)
            }
            // The run before the last one stays in place, whatever happens to the one after it.
            if let previous {
                resume = Resume(offset: previous.offset, first: previous.first, index: first)
            }
            previous = (offset, first)
            offset += run.byteCount
            first += run.count
        }
        return nil
    }

    private mutating func replace(_ offset: Int, _ oldCount: Int, by parts: Parts) {
        let growth = parts.count - oldCount
        let end = buffer.count
        if growth > 0 {
            buffer.reserve(growth)
            buffer.commit(growth)
        }
        let cell = buffer.cell
        let tail = offset + oldCount
        cell.move(from: tail, to: offset + parts.count, count: end - tail)
        for index in 0..<parts.count { cell.store(parts[index], offset + index) }
        if growth < 0 { buffer.truncate(to: end + growth) }
    }

    /// Merges equal adjacent runs among the five from `start` on, as far as one run can hold them.
    private mutating func unite(from start: Int) {
        var offset = start
        var runsLeft = 5
        while offset < buffer.count, runsLeft > 0 {
            runsLeft -= 1
            let run = SparseRegisters.run(buffer.bytes, offset)
            if run.rank > 0, offset + 1 < buffer.count {
                let next = SparseRegisters.run(buffer.bytes, offset + 1)
                if next.rank == run.rank, next.count + run.count <= 4 {
                    let cell = buffer.cell
                    cell.store(SparseRegistersEditor.byte(run.rank, run.count + next.count), offset)
                    let tail = offset + 2
                    cell.move(from: tail, to: offset + 1, count: buffer.count - tail)
                    buffer.truncate(to: buffer.count - 1)
                    continue
                }
            }
            offset += run.byteCount
        }
    }

    /// Encodes a run of `count` registers at `rank`.
    fileprivate static func byte(_ rank: UInt8, _ count: Int) -> UInt8 {
        0x80 | (rank - 1) << 2 | UInt8(count - 1)
    }

    /// The encoded bytes of up to three runs.
    private struct Parts {
        private var bytes = InlineArray<6, UInt8>(repeating: 0)
        private(set) var count = 0

        subscript(index: Int) -> UInt8 { bytes[index] }

        mutating func append(_ length: Int, _ rank: UInt8) {
            guard length > 0 else { return }
            if rank > 0 {
                append(SparseRegistersEditor.byte(rank, length))
            } else if length <= 64 {
                append(UInt8(length - 1))
            } else {
                append(0x40 | UInt8((length - 1) >> 8))
                append(UInt8((length - 1) & 0xFF))
            }
        }

        private mutating func append(_ byte: UInt8) {
            bytes[count] = byte
            count += 1
        }
    }
}
