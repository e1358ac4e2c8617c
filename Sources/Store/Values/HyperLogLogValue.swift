public import Primitives
public import Structures

/// A string that is a HyperLogLog: sparse until it grows too large, then dense.
///
/// ```text
/// sparse    inline in the entry, up to hll-sparse-max-bytes
/// dense     12,304 bytes in a SharedBlock
/// ```
public struct HyperLogLogValue {
    /// The slot of the key; changes if the string moves.
    public private(set) var slot: Shard.Slot
    /// How the registers are stored.
    public private(set) var encoding: HyperLogLog.Encoding

    private var shard: Shard { slot.shard }

    /// Views the string at `slot`.
    ///
    /// Throws: `foreign`.
    public init(_ slot: Shard.Slot) throws(HyperLogLog.Failure) {
        self.slot = slot
        encoding = try HyperLogLog.encoding(HyperLogLogValue.bytes(slot.entry))
    }

    /// Adds `key`, which must be absent, with all registers at zero.
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

    /// Prepares the bytes of the string for editing in place; resizes it if `count` is given.
    private mutating func edit(count: Int? = nil) -> Cell {
        let edited = StringValue.edit(slot, count: count ?? bytes.count, in: shard)
        slot = edited.slot
        return edited.storage.cell
    }

    // MARK: Reading

    /// Raises each of `registers` to at least the value of this one.
    ///
    /// Throws: `corrupted`.
    public func merge(into registers: inout HyperLogLogRegisters) throws(HyperLogLog.Failure) {
        try registers.merge(bytes, encoding)
    }

    /// The registers of the dense form.
    private var packed: PackedRegisters {
        guard case .block(let block) = StringValue.content(slot.entry), encoding == .dense else {
            preconditionFailure("dense registers lie in a block")
        }
        return PackedRegisters(block.storage)
    }

    /// The register at `index`, in dense form.
    public func register(_ index: Int) -> UInt8 { packed[index] }

    /// Appends the runs, in sparse form, as text.
    public func describeRuns(to text: inout ByteBuffer) {
        SparseRegisters(bytes).describe(to: &text)
    }

    /// Whether the cardinality in the string is up to date.
    public var notesCardinality: Bool { HyperLogLog.notedCardinality(bytes) != nil }

    /// Estimates the number of distinct elements seen, and caches it in the string.
    ///
    /// Throws: `corrupted`.
    public mutating func cardinality() throws(HyperLogLog.Failure) -> Int64 {
        if let noted = HyperLogLog.notedCardinality(bytes) { return noted }
        let cardinality = try HyperLogLog.cardinality(bytes, encoding)
        HyperLogLog.note(cardinality, in: edit())
        return cardinality
    }

    // MARK: Changing

    /// Applies `count` observations, which `observe` returns by index.
    ///
    /// Returns how many of them raised a register.
    ///
    /// Throws: `corrupted`, after the preceding observations have been applied.
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

    /// Raises the registers to `registers`, none of which is lower than the current one.
    ///
    /// Makes them dense at once if `isDense`.
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

    /// Converts the registers to dense form; returns whether they were sparse.
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

    /// Stores the editor's bytes, with a stale cardinality.
    private mutating func write(_ editor: borrowing SparseRegistersEditor) {
        let cell = edit(count: editor.bytes.count)
        cell.put(editor.bytes, 0)
        HyperLogLog.invalidate(cell)
    }
}
