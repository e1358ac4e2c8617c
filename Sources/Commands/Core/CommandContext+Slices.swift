internal import Store
internal import Structures

/// Commands that would take long: they do a part, freeze their keys, and are run again later on.
///
/// ```text
/// handler ─▶ copy / goOn ─▶ done within the budget ─▶ reply
///    ▲                  └─▶ keys frozen, .postponed thrown ─┐
///    └────────── other commands run, then the same request ◀┘
/// ```
/// A handler says how far it came and throws; it finds that in `work` when it is called again, with
/// the same words, at the same moment (`now`), with its keys as it left them.
extension CommandContext {
    /// What a command may do at once, in elements of a collection: some tenths of a millisecond.
    public static let firstSlice = 1500
    /// What it may do in each of the slices that follow.
    public static let nextSlice = 256

    var slice: Int { work == nil ? CommandContext.firstSlice : CommandContext.nextSlice }

    /// A whole copy of the collection at `slot`, the value of `source`, for `target` in `shard`;
    /// nil of a string, which is copied when it is inserted. The copy is to be inserted at once.
    ///
    /// Throws: `.postponed` when that takes more than a slice.
    mutating func copy(
        _ slot: Shard.Slot,
        of source: Key,
        as target: Key,
        for shard: Shard
    ) throws(CommandError) -> ValueCopy? {
        guard !slot.entry.isKind(.string) else { return nil }
        var copy = work?.copy ?? ValueCopy(of: slot, for: shard)
        work?.copy = nil
        var budget = slice
        if copy.copySome(&budget) { return copy }
        guard work != nil || mayBeginWork else {
            copy.discard()
            throw .postponed
        }
        var next = takeWork()
        next.copy = copy
        postpone(next, source, target, slot)
        throw .postponed
    }

    /// Has the command, which changes the value of `key` at `slot`, go on later: it did `done` more
    /// and has the ranks `rest` still before it.
    mutating func goOn(
        _ done: Int,
        rest: Range<Int> = 0..<0,
        _ key: Key,
        _ slot: Shard.Slot
    ) -> CommandError {
        var next = takeWork()
        next.done += done
        next.rest = rest
        postpone(next, key, key, slot)
        return .postponed
    }

    private mutating func takeWork() -> SlicedWork {
        defer { work = nil }
        return work ?? SlicedWork(id: random.next() | 1, now: now)
    }

    private mutating func postpone(
        _ next: SlicedWork,
        _ first: Key,
        _ second: Key,
        _ slot: Shard.Slot
    ) {
        keyspace.freeze(first, second, at: slot, for: next)
        postponedWork = next.id
    }

    /// Ends the work of a command that is through, whether it used what it had reached or not.
    public mutating func endWork() {
        work?.copy?.discard()
        work = nil
    }
}
