public import Primitives
public import Structures

/// A string whose bytes are a HyperLogLog: sparse until it grows too large, then dense.
///
/// ```text
/// sparse    within the entry, up to hll-sparse-max-bytes
/// dense     12,304 bytes in a SharedBlock
/// ```
public struct HyperLogLogValue {
    /// The key's place; changes when the string moves.
    public private(set) var slot: Shard.Slot
    /// How the registers are kept.
    public private(set) var encoding: HyperLogLog.Encoding

    private var shard: Shard { slot.shard }

    /// Views the string at `slot`.
    ///
    /// Throws: `foreign`.
    public init(_ slot: Shard.Slot) throws(HyperLogLog.Failure) {
        self.slot = slot
        encoding = try HyperLogLog.encoding(HyperLogLogValue.bytes(slot.entry))
    }

    /// Adds `key`, which is not there, with all registers zero.
    public init(creating key: Key, in shard: Shard) {
        let empty = StringValue.set(key, .bytes(Bytes()), expiry: nil, at: nil, in: shard)
        let edited = StringValue.edit(empty, count: SparseRegisters.emptyByteCount, in: shard)
        SparseRegisters.writeEmpty(to: edited.storage.cell)
        slot = edited.slot
        encoding = .sparse
    }

    private static func bytes(_ entry: Entry) -> Bytes {
        switch StringValue.content(entry) {
        case .bytes(let bytes): bytes
        case .block(let block): block.bytes
        case .integer: Bytes()
        }
    }

    private var bytes: Bytes { HyperLogLogValue.bytes(slot.entry) }

    /// Lends the bytes of the string for editing; they stay as many.
    private mutating func edit(count: Int? = nil) -> Cell {
        let edited = StringValue.edit(slot, count: count ?? bytes.count, in: shard)
        slot = edited.slot
        return edited.storage.cell
    }

    // MARK: Reading

    /// Raises `registers` to these.
    ///
    /// Throws: `corrupted`.
    public func merge(into registers: inout HyperLogLogRegisters) throws(HyperLogLog.Failure) {
        try registers.merge(bytes, encoding)
    }

    /// The registers of a dense one.
    private var packed: PackedRegisters {
        guard case .block(let block) = StringValue.content(slot.entry), encoding == .dense else {
            preconditionFailure("dense registers lie in a block")
        }
        return PackedRegisters(block.storage)
    }

    /// The register at `index` of a dense one.
    public func register(_ index: Int) -> UInt8 { packed[index] }

    /// The runs of a sparse one as text.
    public func describeRuns(to text: inout ByteBuffer) {
        SparseRegisters(bytes).describe(to: &text)
    }

    /// Whether the string says how many different elements the registers saw.
    public var notesCardinality: Bool { HyperLogLog.notedCardinality(bytes) != nil }

    /// The number of different elements that the registers saw, noted in the string for next time.
    ///
    /// Throws: `corrupted`.
    public mutating func cardinality() throws(HyperLogLog.Failure) -> Int64 {
        if let noted = HyperLogLog.notedCardinality(bytes) { return noted }
        let cardinality = try HyperLogLog.cardinality(bytes, encoding)
        HyperLogLog.note(cardinality, in: edit())
        return cardinality
    }

    // MARK: Changing

    /// Makes the `count` observations that `observe` tells by number; returns how many of them
    /// raised a register.
    ///
    /// Throws: `corrupted`, with the observations before made.
    public mutating func raise(
        _ count: Int,
        _ limits: EncodingLimits,
        _ observe: (Int) -> HyperLogLog.Observation
    ) throws(HyperLogLog.Failure) -> Int {
        var next = 0
        var raised = 0
        if encoding == .sparse {
            var editor = editor(limits)
            var outcome = SparseRegistersEditor.Outcome.unchanged
            while next < count {
                outcome = editor.raise(observe(next))
                guard outcome == .unchanged || outcome == .raised else { break }
                if outcome == .raised { raised += 1 }
                next += 1
            }
            if raised > 0 { write(editor) }
            guard next < count else { return raised }
            guard outcome == .tooLarge else { throw .corrupted }
            try makeDense()
        }
        return raised + raiseDense(next..<count, observe)
    }

    private mutating func raiseDense(
        _ numbers: Range<Int>,
        _ observe: (Int) -> HyperLogLog.Observation
    ) -> Int {
        var registers = packed
        var raised = 0
        for number in numbers {
            let observation = observe(number)
            guard registers[observation.index] < observation.rank else { continue }
            if raised == 0 {
                let cell = edit()
                HyperLogLog.invalidate(cell)
                registers = PackedRegisters(cell)
            }
            registers.set(observation)
            raised += 1
        }
        return raised
    }

    /// Raises the registers to `registers`, which are nowhere lower than these; dense at once when
    /// `isDense`.
    ///
    /// Throws: `corrupted`.
    public mutating func raise(
        to registers: borrowing HyperLogLogRegisters,
        isDense: Bool,
        _ limits: EncodingLimits
    ) throws(HyperLogLog.Failure) {
        if encoding == .sparse, !isDense {
            var editor = editor(limits)
            var outcome = SparseRegistersEditor.Outcome.unchanged
            registers.forEach { observation in
                outcome = editor.raise(observation)
                return outcome == .unchanged || outcome == .raised
            }
            guard outcome != .corrupted else { throw .corrupted }
            if outcome != .tooLarge { return write(editor) }
        }
        try makeDense()
        let cell = edit()
        registers.pack(into: cell)
        HyperLogLog.invalidate(cell)
    }

    /// Keeps the registers dense; returns whether they were not.
    ///
    /// Throws: `corrupted`.
    @discardableResult
    public mutating func makeDense() throws(HyperLogLog.Failure) -> Bool {
        guard encoding == .sparse else { return false }
        var registers = HyperLogLogRegisters()
        try merge(into: &registers)
        let block = SharedBlock(capacity: HyperLogLog.denseByteCount)
        block.count = HyperLogLog.denseByteCount
        block.storage.put(bytes[0..<HyperLogLog.headerByteCount], 0)
        HyperLogLog.setEncoding(.dense, of: block.storage)
        registers.pack(into: block.storage)
        let entry = slot.entry
        let key = Key(entry.key, shard.hash(entry.key))
        slot = StringValue.set(key, .block(block), expiry: entry.expiry, at: slot, in: shard)
        encoding = .dense
        return true
    }

    private func editor(_ limits: EncodingLimits) -> SparseRegistersEditor {
        SparseRegistersEditor(copying: bytes, byteCountMax: limits.hyperLogLogSparseBytesMax)
    }

    /// Stores the editor's bytes, their cardinality stale.
    private mutating func write(_ editor: borrowing SparseRegistersEditor) {
        let cell = edit(count: editor.bytes.count)
        cell.put(editor.bytes, 0)
        HyperLogLog.invalidate(cell)
    }
}
