internal import Persistence
internal import Primitives
internal import Store
internal import Structures

/// The large collections of one partition that a snapshot was shown and has yet to write.
///
/// They are written one at a time, in slices. Meanwhile, a change of a few members or of the ends
/// of a list is preceded by what it affects (`prepare`). Commands that would change more wait, and
/// whatever changes a value nevertheless has it written as a whole first.
///
/// ```text
/// add ─▶ waiting ─────────────────── open: slices ─▶ through
///           ├─ prepare: pieces of it, kept ─┘
///           └─ mustBeWritten ─▶ written at once
/// ```
/// A key's value must not be torn in the file, so that at most one of all partitions' is open.
struct LargeValues: ~Copyable {
    /// A key with a large collection.
    final class Value {
        fileprivate let shard: Shard
        fileprivate let database: Int
        fileprivate let key: [UInt8]
        fileprivate var writer: KeyWriter
        /// How far it has been written; nil before the first byte.
        fileprivate var progress: KeyWriter.Progress?
        /// Whether it is written before those that nobody waits for.
        fileprivate var isUrgent = false
        fileprivate var isGone = false

        fileprivate init(_ slot: Shard.Slot, _ database: Int, _ form: KeyForm) {
            shard = slot.shard
            self.database = database
            key = slot.entry.key.array
            writer = KeyWriter(form)
        }

        func isAt(_ slot: Shard.Slot) -> Bool {
            shard.isSame(as: slot.shard) && key.withBytes { $0 == slot.entry.key }
        }

        /// Where the key is now.
        fileprivate var slot: Shard.Slot {
            let slot = key.withBytes { shard.find(Key($0, shard.hash($0))) }
            guard let slot else { preconditionFailure("a large value is written before it goes") }
            return slot
        }

        /// Starts writing it, unless it was started.
        fileprivate func begin() -> KeyWriter.Progress {
            if let progress { return progress }
            writer.database(database)
            let begun = writer.begin(slot)
            progress = begun
            return begun
        }

        /// Writes about `budget` elements; true at its end.
        fileprivate func write(_ budget: Int) -> Bool {
            var begun = begin()
            let isThrough = writer.writeSome(of: slot, &begun, budget: budget)
            progress = begun
            return isThrough
        }

        /// Notes that a change has been made that `prepare` allowed; before, the collection had
        /// `count` elements.
        func note(_ change: PartialChange, countBefore count: Int) {
            guard !isGone, case .value(let written) = progress else { return }
            let slot = slot
            guard slot.entry.isKind(.list) else { return }
            written.note(change, removed: count - ListValue(slot).count)
        }
    }

    /// The values in the order in which they are written, and those that come before them.
    private var queue = ValueQueue()
    private var urgent = ValueQueue()
    private var byKey: [[UInt8]: [Value]] = [:]
    private var count = 0
    /// How many values each shard has.
    private var held: [(shard: Shard, count: Int)] = []
    /// The value for which the file is open.
    private var open: Value?
    /// How many bytes of values are kept for which the file is not open.
    private var keptBytes = 0
    /// Whether requests wait for values.
    private var areAwaited = false
    /// Whether values were written for which requests wait.
    private var wereAwaited = false
    private let form: KeyForm

    /// How many elements are written between two readings of the clock.
    private static let elementsAtOnce = 64
    private static let chunkBytes = 64 << 10
    private static let keptBytesMax = 4 << 20

    init(_ form: KeyForm) { self.form = form }

    var isEmpty: Bool { count == 0 }

    /// Adds the value at `slot`, which the file is to have later.
    mutating func add(_ slot: Shard.Slot, _ database: Int) {
        let value = Value(slot, database, form)
        queue.append(value)
        byKey[value.key, default: []].append(value)
        count += 1
        if let index = held.firstIndex(where: { $0.shard.isSame(as: slot.shard) }) {
            held[index].count += 1
        } else {
            held.append((slot.shard, 1))
        }
        slot.shard.holdValues(true)
    }

    /// The value at `slot`, if it is among them.
    func value(at slot: Shard.Slot) -> Value? {
        count == 0 ? nil : byKey[slot.entry.key.array]?.first { $0.isAt(slot) }
    }

    /// Makes `value` one of the next to be written, as a request waits for it.
    mutating func noteAwaited(_ value: Value) {
        areAwaited = true
        hasten(value)
    }

    private mutating func hasten(_ value: Value) {
        guard !value.isUrgent else { return }
        value.isUrgent = true
        urgent.append(value)
    }

    /// Whether requests may go on that waited for values; only the first time asked.
    mutating func takeAwaited() -> Bool {
        defer { wereAwaited = false }
        return wereAwaited
    }

    // MARK: Writing

    /// Writes values until `end`, in nanoseconds of the monotonic clock, as long as the file is
    /// free for one.
    mutating func writeSome(_ output: SnapshotOutput, until end: Int64) {
        while let value = next(output), !output.isFullOfValue {
            let isThrough = value.write(LargeValues.elementsAtOnce)
            handOver(value, isThrough: isThrough, output)
            if isThrough { close(output) }
            guard Clock.monotonicNanoseconds() < end else { return }
        }
    }

    /// Prepares for a change of a part of `value`: what it affects is written first.
    ///
    /// Returns false if the change must wait.
    mutating func prepare(_ value: Value, for change: PartialChange) -> Bool {
        guard form != .requests, keptBytes < LargeValues.keptBytesMax else { return false }
        let before = value.writer.count
        defer { if value !== open { keptBytes += value.writer.count - before } }
        let begun = value.begin()
        guard value.writer.prepare(for: change, of: value.slot, begun) else { return false }
        hasten(value)
        return true
    }

    /// Writes `value`, which is about to change as a whole.
    ///
    /// Returns whether the caller has to write it, as no byte of it has been written.
    mutating func mustBeWritten(_ value: Value, _ output: SnapshotOutput) -> Bool {
        if value === open {
            while !value.write(.max) {}
            handOver(value, isThrough: true, output)
            close(output)
            return false
        }
        defer { remove(value) }
        guard value.progress != nil else { return true }
        keptBytes -= value.writer.count
        while !value.write(.max) {}
        output.put(value.writer.take(), keys: 1)
        return false
    }

    /// Gives up all values.
    mutating func removeAll() {
        for (shard, _) in held { shard.holdValues(false) }
        held = []
        byKey = [:]
        queue = ValueQueue()
        urgent = ValueQueue()
        open = nil
        count = 0
        if areAwaited { wereAwaited = true }
    }

    /// The value for which the file is open; opens it for the next one if possible.
    private mutating func next(_ output: SnapshotOutput) -> Value? {
        if let open { return open }
        guard count > 0, output.openValue() else { return nil }
        guard let value = urgent.popFirst() ?? queue.popFirst() else {
            preconditionFailure("every value is queued")
        }
        keptBytes -= value.writer.count
        open = value
        return value
    }

    private func handOver(_ value: Value, isThrough: Bool, _ output: SnapshotOutput) {
        guard isThrough || value.writer.count >= LargeValues.chunkBytes else { return }
        output.put(value.writer.take(), keys: isThrough ? 1 : 0, ofValue: true)
    }

    private mutating func close(_ output: SnapshotOutput) {
        if let value = open { remove(value) }
        open = nil
        output.closeValue()
    }

    private mutating func remove(_ value: Value) {
        value.isGone = true
        count -= 1
        byKey[value.key]?.removeAll { $0 === value }
        if byKey[value.key]?.isEmpty == true { byKey[value.key] = nil }
        if let index = held.firstIndex(where: { $0.shard.isSame(as: value.shard) }) {
            held[index].count -= 1
            if held[index].count == 0 { held.remove(at: index).shard.holdValues(false) }
        }
        if areAwaited { wereAwaited = true }
        if count == 0 { areAwaited = false }
    }

    /// Values in order; those that are gone, or open already, are passed over.
    private struct ValueQueue {
        private var values: [Value] = []
        private var first = 0

        mutating func append(_ value: Value) { values.append(value) }

        mutating func popFirst() -> Value? {
            while first < values.count {
                let value = values[first]
                first += 1
                if !value.isGone { return value }
            }
            self = ValueQueue()
            return nil
        }
    }
}
