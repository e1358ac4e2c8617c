internal import CSupport
public import Primitives

/// A histogram of register values.
public struct RegisterHistogram: Sendable {
    private var counts = InlineArray<64, UInt32>(repeating: 0)

    /// Creates an empty histogram.
    public init() {}

    /// The number of registers with `value`, which is below 64.
    subscript(value: Int) -> Int { Int(counts[value]) }

    /// Counts `count` more registers with `value`.
    mutating func add(_ count: Int, of value: UInt8) {
        counts[Int(value & 63)] &+= UInt32(truncatingIfNeeded: count)
    }

    /// Counts all registers of `packed`, 6 bits each.
    mutating func add(packed: Bytes) {
        precondition(packed.count == PackedRegisters.byteCount, "all registers")
        var span = counts.mutableSpan
        // SAFETY: there are 64 counters, and the size of `packed` was checked.
        unsafe span.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe apus_count_packed(packed.base, HyperLogLog.registerCount, base)
        }
    }

    /// Counts all registers of `spread`, a byte each.
    fileprivate mutating func add(spread: Bytes) {
        precondition(spread.count == HyperLogLog.registerCount, "all registers")
        var span = counts.mutableSpan
        // SAFETY: there are 64 counters, and the size of `spread` was checked.
        unsafe span.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe apus_count_spread(spread.base, spread.count, base)
        }
    }
}

/// A view of the registers of the dense form: 6 bits each, low bits first.
///
/// ```text
/// header …│aaaaaabb│bbbbcccc│ccdddddd│…     four registers in three bytes
///        └───────────────┬───────────┘
///          one 32-bit load, starting a byte early, so that none reads past the end
/// ```
public struct PackedRegisters {
    static let byteCount = HyperLogLog.registerCount * 6 / 8

    /// The start of the HyperLogLog.
    private let cell: Cell

    /// Views the registers of the dense HyperLogLog in `cell`, which has `denseByteCount` bytes.
    public init(_ cell: Cell) { self.cell = cell }

    private func place(_ index: Int) -> (offset: Int, shift: UInt32) {
        assert(index >= 0 && index < HyperLogLog.registerCount, "no such register")
        return (HyperLogLog.headerByteCount - 1 + index / 4 * 3, UInt32(8 + index % 4 * 6))
    }

    /// The register at `index`.
    public subscript(index: Int) -> UInt8 {
        let (offset, shift) = place(index)
        return UInt8(truncatingIfNeeded: cell.load(offset, as: UInt32.self) >> shift) & 63
    }

    /// Sets the observed register to the observed rank.
    public func set(_ observation: HyperLogLog.Observation) {
        let (offset, shift) = place(observation.index)
        let word = cell.load(offset, as: UInt32.self)
        cell.store(word & ~(63 << shift) | UInt32(observation.rank) << shift, offset)
    }
}

/// The registers of one HyperLogLog or a union of several, a byte each, on the heap.
public struct HyperLogLogRegisters: ~Copyable {
    private var buffer: ByteBuffer

    /// Creates registers that are all zero.
    public init() {
        buffer = ByteBuffer(capacity: HyperLogLog.registerCount)
        buffer.cell.zero(0, HyperLogLog.registerCount)
        buffer.commit(HyperLogLog.registerCount)
    }

    /// The register at `index`.
    public subscript(index: Int) -> UInt8 { buffer.bytes[index] }

    /// Calls `body` with each non-zero register in ascending order, until it returns false.
    public func forEach(_ body: (HyperLogLog.Observation) -> Bool) {
        let cell = buffer.cell
        for start in stride(from: 0, to: HyperLogLog.registerCount, by: 8) {
            guard cell.load(start, as: UInt64.self) != 0 else { continue }
            for index in start..<start + 8 where cell.byte(index) > 0 {
                guard body(HyperLogLog.Observation(index: index, rank: cell.byte(index))) else {
                    return
                }
            }
        }
    }

    /// Raises `count` registers from `index` on to at least `rank`.
    mutating func raise(_ index: Int, count: Int, to rank: UInt8) {
        precondition(index + count <= HyperLogLog.registerCount, "no such registers")
        let cell = buffer.cell
        for place in index..<index + count where cell.byte(place) < rank {
            cell.store(rank, place)
        }
    }

    /// Raises each register to at least its value in `bytes`.
    ///
    /// Throws: `corrupted`, in which case some registers may have been raised.
    public mutating func merge(
        _ bytes: Bytes,
        _ encoding: HyperLogLog.Encoding
    ) throws(HyperLogLog.Failure) {
        switch encoding {
        case .dense:
            let packed = bytes.dropFirst(HyperLogLog.headerByteCount)
            precondition(packed.count == PackedRegisters.byteCount, "all registers")
            let cell = buffer.cell
            // SAFETY: both hold all registers.
            unsafe cell.base.withMemoryRebound(to: UInt8.self, capacity: buffer.count) {
                unsafe apus_raise_registers($0, packed.base, HyperLogLog.registerCount)
            }
        case .sparse:
            try SparseRegisters(bytes).merge(into: &self)
        }
    }

    /// Writes all registers, 6 bits each, after the header in `cell`.
    ///
    /// `cell` must have `denseByteCount` bytes.
    public func pack(into cell: Cell) {
        let target = cell.advanced(by: HyperLogLog.headerByteCount)
        // SAFETY: `cell` has `denseByteCount` bytes by contract; the buffer holds all registers.
        unsafe target.base.withMemoryRebound(to: UInt8.self, capacity: PackedRegisters.byteCount) {
            unsafe apus_pack_registers($0, buffer.bytes.base, HyperLogLog.registerCount)
        }
    }

    /// Estimates the number of distinct elements that the registers have seen.
    public var cardinality: Int64 {
        var histogram = RegisterHistogram()
        histogram.add(spread: buffer.bytes)
        return HyperLogLog.cardinality(histogram)
    }

    /// The hash of an element.
    static func hash(_ element: Bytes, seed: UInt64) -> UInt64 {
        // SAFETY: reads `count` bytes.
        unsafe apus_murmur64a(element.base, element.count, seed)
    }
}
