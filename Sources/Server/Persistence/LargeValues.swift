internal import Persistence
internal import Primitives
internal import Store
internal import Structures

/// The large collections of one partition that a snapshot was shown and has yet to write.
///
/// They are written one at a time, in slices. Until then they must not change: commands that would
/// change one wait, and whatever changes it nevertheless has it written as a whole first.
///
/// ```text
/// add ─▶ waiting ─ open ─▶ first: slices ─────────────▶ through
///           └────────────── its turn never comes: take ─▶ written at once by the caller
/// ```
/// A key's value must not be torn in the file, so that at most one of all partitions' is open.
struct LargeValues: ~Copyable {
    /// A key with a large collection.
    private struct Value {
        let shard: Shard
        let database: Int
        let key: [UInt8]

        func isAt(_ slot: Shard.Slot) -> Bool {
            shard.isSame(as: slot.shard) && key.withBytes { $0 == slot.entry.key }
        }

        /// Where the key is now.
        var slot: Shard.Slot {
            let slot = key.withBytes { shard.find(Key($0, shard.hash($0))) }
            guard let slot else { preconditionFailure("a large value is written before it goes") }
            return slot
        }
    }

    private var values: [Value] = []
    /// The progress of the first value, if it is open.
    private var progress: KeyWriter.Progress?
    /// Whether requests wait for values.
    private var areAwaited = false
    /// Whether values were written for which requests wait.
    private var wereAwaited = false
    private var writer: KeyWriter

    /// How many elements are written between two readings of the clock.
    private static let elementsAtOnce = 64
    private static let chunkBytes = 64 << 10

    init(_ form: KeyForm) { writer = KeyWriter(form) }

    var isEmpty: Bool { values.isEmpty }

    /// Adds the value at `slot`, which the file is to have later.
    mutating func add(_ slot: Shard.Slot, _ database: Int) {
        let value = Value(shard: slot.shard, database: database, key: slot.entry.key.array)
        values.append(value)
        slot.shard.holdValues(true)
    }

    /// Whether the value at `slot` is among them; if so, the next one to be written is this one, as
    /// a request waits for it.
    mutating func isAwaited(_ slot: Shard.Slot) -> Bool {
        guard let index = values.firstIndex(where: { $0.isAt(slot) }) else { return false }
        areAwaited = true
        let first = progress == nil ? 0 : 1
        if index > first { values.insert(values.remove(at: index), at: first) }
        return true
    }

    /// Whether requests may go on that waited for values; only the first time asked.
    mutating func takeAwaited() -> Bool {
        defer { wereAwaited = false }
        return wereAwaited
    }

    /// Writes values until `end`, in nanoseconds of the monotonic clock, as long as the file is
    /// free for one.
    mutating func writeSome(_ output: SnapshotOutput, until end: Int64) {
        while !values.isEmpty, open(output), !output.isFullOfValue {
            if slice(LargeValues.elementsAtOnce, output) { close(output) }
            guard Clock.monotonicNanoseconds() < end else { return }
        }
    }

    /// Writes the value at `slot`, which is about to change, if it is among them.
    ///
    /// Returns whether the caller has to write it, as the file is not open for it.
    mutating func mustBeWritten(_ slot: Shard.Slot, _ output: SnapshotOutput) -> Bool {
        guard let index = values.firstIndex(where: { $0.isAt(slot) }) else { return false }
        guard index == 0, progress != nil else {
            remove(at: index)
            return true
        }
        while !slice(.max, output) {}
        close(output)
        return false
    }

    /// Gives up all values.
    mutating func removeAll() {
        while !values.isEmpty { remove(at: 0) }
        progress = nil
    }

    private mutating func open(_ output: SnapshotOutput) -> Bool {
        guard progress == nil else { return true }
        guard output.openValue() else { return false }
        writer.database(values[0].database)
        progress = writer.begin(values[0].slot)
        return true
    }

    /// Writes about `budget` elements of the open value; true at its end.
    private mutating func slice(_ budget: Int, _ output: SnapshotOutput) -> Bool {
        guard var open = progress else { preconditionFailure("a value is open") }
        let isThrough = writer.writeSome(of: values[0].slot, &open, budget: budget)
        progress = open
        if isThrough || writer.count >= LargeValues.chunkBytes {
            output.put(writer.take(), keys: isThrough ? 1 : 0, ofValue: true)
        }
        return isThrough
    }

    private mutating func close(_ output: SnapshotOutput) {
        progress = nil
        output.closeValue()
        remove(at: 0)
    }

    private mutating func remove(at index: Int) {
        let shard = values.remove(at: index).shard
        if !values.contains(where: { $0.shard.isSame(as: shard) }) { shard.holdValues(false) }
        if areAwaited { wereAwaited = true }
        if values.isEmpty { areAwaited = false }
    }
}
