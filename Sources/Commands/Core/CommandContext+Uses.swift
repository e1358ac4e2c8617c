public import Store
internal import Structures

/// What is noted of uses of keys, besides what the clock measures.
public struct UseNoting: Sendable {
    /// Whether commands that only read use a key; not where the time of the last write counts.
    public var notesReads: Bool
    /// Whether uses change the states of keys, by which those are chosen that go when memory runs
    /// out.
    public var changesStates: Bool

    /// Joins the two; what is given is the usual case.
    public init(notesReads: Bool = true, changesStates: Bool = false) {
        self.notesReads = notesReads
        self.changesStates = changesStates
    }

    var isUsual: Bool { notesReads && !changesStates }
}

/// Noting uses of keys otherwise than by their time alone.
extension CommandContext {
    /// From this counter on a key may be hot, where uses are counted.
    private static let hotFrom = 8

    @inline(never)
    @usableFromInline
    mutating func noteUnusualUse(_ slot: Shard.Slot, isWrite: Bool) {
        guard !ignoresUses, isWrite || noting.notesReads else { return }
        guard accessClock.countsUses else {
            slot.shard.setStamp(slot, accessClock.fresh)
            if noting.changesStates { slot.shard.warm(slot, mayBeHot: true) }
            return
        }
        let stamp = accessClock.used(slot.shard.stamp(slot), &random)
        slot.shard.setStamp(slot, stamp)
        guard noting.changesStates else { return }
        let frequency = accessClock.frequency(stamp)
        slot.shard.warm(slot, mayBeHot: frequency >= CommandContext.hotFrom)
    }
}
