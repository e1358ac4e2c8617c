public import Store
internal import Structures

/// How uses of keys are recorded, in addition to access stamps.
public struct UseNoting: Sendable {
    /// Whether read commands count as uses; not if only the time of the last write matters.
    public var notesReads: Bool
    /// Whether uses change the states of keys, which eviction goes by.
    public var changesStates: Bool

    /// Creates settings; the defaults are those without `maxmemory`.
    public init(notesReads: Bool = true, changesStates: Bool = false) {
        self.notesReads = notesReads
        self.changesStates = changesStates
    }

    var isUsual: Bool { notesReads && !changesStates }
}

/// Recording uses of keys other than by access time alone.
extension CommandContext {
    /// A key whose counter is at least this high may become hot, under LFU policies.
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
