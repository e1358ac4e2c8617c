internal import Store
internal import Structures

/// Commands that would take long: they do a part, freeze their keys, and are run again later.
///
/// ```text
/// handler ─▶ copy / goOn ─▶ done within the budget ─▶ reply
///    ▲                  └─▶ keys frozen, .waits returned ─┐
///    └───────── other commands run, then the same request ◀┘
/// ```
/// A handler notes how far it came and returns; it finds that in `work` when it is called again,
/// with the same words, at the same moment (`now`), with its keys as it left them.
extension CommandContext {
    /// What a command may do at once, in elements of a collection: some tenths of a millisecond.
    public static let firstSlice = 1500
    /// What it may do in each of the slices that follow.
    public static let nextSlice = 256

    var slice: Int {
        guard mayWait else { return Int.max }
        return work == nil ? CommandContext.firstSlice : CommandContext.nextSlice
    }

    /// How far a copy came.
    enum CopyStep {
        /// The whole copy, to be inserted at once; nil of a string, which is copied on insertion.
        case whole(ValueCopy?)
        /// It takes more than a slice.
        case waits(Wait)
    }

    /// Copies the collection at `slot`, the value of `source`, for `target` in `shard`.
    mutating func copy(
        _ slot: Shard.Slot,
        of source: Key,
        as target: Key,
        for shard: Shard
    ) -> CopyStep {
        guard !slot.entry.isKind(.string) else { return .whole(nil) }
        var copy = work?.copy ?? ValueCopy(of: slot, for: shard)
        work?.copy = nil
        var budget = slice
        if copy.copySome(&budget) { return .whole(copy) }
        guard work != nil || mayBeginWork else {
            copy.discard()
            return .waits(.keys)
        }
        var next = takeWork()
        next.copy = copy
        return .waits(freeze(source, target, slot, next))
    }

    /// Has the command, which changes the value of `key` at `slot`, go on later: it did `done` more
    /// and still has the ranks `rest` before it.
    mutating func goOn(
        _ done: Int,
        rest: Range<Int> = 0..<0,
        _ key: Key,
        _ slot: Shard.Slot
    ) -> Outcome {
        var next = takeWork()
        next.done += done
        next.rest = rest
        return .waits(freeze(key, key, slot, next))
    }

    private mutating func takeWork() -> SlicedWork {
        defer { work = nil }
        return work ?? SlicedWork(id: WorkID(number: random.next() | 1), now: now)
    }

    private mutating func freeze(
        _ first: Key,
        _ second: Key,
        _ slot: Shard.Slot,
        _ next: SlicedWork
    ) -> Wait {
        keyspace.freeze(first, second, at: slot, for: next)
        return .turn(next.id)
    }

    /// Ends the work of a command that is through, whether it used what it had reached or not.
    public mutating func endWork() {
        work?.copy?.discard()
        work = nil
    }
}
