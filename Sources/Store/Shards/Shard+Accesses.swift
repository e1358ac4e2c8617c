public import Structures

/// When, or how often, keys were used.
extension Shard {
    /// Seconds from the begin of one walk over all stamps to that of the next, well under the hour
    /// within which stamps must be looked at.
    private static let walkSeconds: Int64 = 1800

    /// Where the walk over all stamps goes on.
    @usableFromInline
    struct StampWalk {
        /// The next 64 buckets to look at.
        var segment = 0
        /// When the walk began.
        var startedAt: Int64 = 0
        /// Whether stamps are made fresh rather than kept readable.
        var renews = false
    }

    /// The stamp of a key that is made now.
    @inlinable
    var freshStamp: AccessStamp {
        unsafe state.pointee.freshStamp?.stamp ?? AccessStamp(bits: 0)
    }

    /// The stamp of the key at `slot`.
    @inlinable
    public func stamp(_ slot: Slot) -> AccessStamp {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.keys.stamp(slot.location, state.pointee.arena)
    }

    /// Gives the key at `slot` another stamp.
    @inlinable
    @inline(__always)
    public func setStamp(_ slot: Slot, _ stamp: AccessStamp) {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.keys.setStamp(slot.location, stamp, state.pointee.arena)
    }

    // MARK: The walk

    /// Makes all stamps fresh, as what they say is no longer what is measured: at once in at most
    /// `budget` times 64 buckets, the others with the next calls of `ageStamps`.
    public func renewStamps(_ clock: AccessClock, budget: inout Int) {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.stampWalk = StampWalk(renews: count > 0)
        ageStamps(clock, budget: &budget)
    }

    /// Keeps stamps readable, in at most `budget` times 64 buckets; the next call goes on there.
    ///
    /// To be called every second or so. Complexity: O(budget).
    public func ageStamps(_ clock: AccessClock, budget: inout Int) {
        // SAFETY: the lock makes the caller the only user.
        var walk = unsafe state.pointee.stampWalk
        defer { unsafe state.pointee.stampWalk = walk }
        if walk.segment == 0 {
            guard count > 0, walk.renews || clock.second - walk.startedAt >= Shard.walkSeconds
            else { return }
            walk.startedAt = clock.second
        }
        while budget > 0, walk.segment < keys.segmentTotal {
            unsafe state.pointee.keys.updateStamps(
                inSegment: walk.segment,
                state.pointee.arena
            ) { walk.renews ? clock.fresh : clock.aged($0) }
            walk.segment += 1
            budget -= 1
        }
        if walk.segment >= keys.segmentTotal {
            walk.segment = 0
            walk.renews = false
        }
    }
}
