internal import Store
internal import Structures

/// Long commands run in slices.
///
/// ```text
/// handler ─▶ copy / goOn ─▶ done within the budget ─▶ reply
///    ▲                  └─▶ keys frozen, .waits returned ─┐
///    └───────── other commands run, then the same request ◀┘
/// ```
/// A handler records its progress, freezes its keys and returns. When it is called again, it finds
/// its progress in `work`, the same words and time (`now`), and its keys as it left them.
extension CommandContext {
    /// The elements that a command may process at once: a few tenths of a millisecond.
    public static let firstSlice = 1500
    /// The elements that it may process in each later slice.
    public static let nextSlice = 256

    var slice: Int {
        guard mayWait else { return Int.max }
        return work == nil ? CommandContext.firstSlice : CommandContext.nextSlice
    }

    /// The progress of a copy.
    enum CopyStep {
        /// The complete copy, to insert at once; nil for a string, which is copied on insertion.
        case whole(ValueCopy?)
        /// Another slice is needed.
        case waits(Wait)
    }

    /// Copies the collection at `slot`, the value of `source`, for the key `target` in `shard`.
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

    /// Suspends the command, which is changing the value of `key` at `slot`.
    ///
    /// It has processed `done` more elements and has yet to process the ranks `rest`.
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

    /// Ends the work of a finished command, whether or not its results were used.
    public mutating func endWork() {
        work?.copy?.discard()
        work = nil
    }
}
