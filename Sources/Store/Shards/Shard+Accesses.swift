public import Structures

/// Access stamps: when, or how often, keys were used.
extension Shard {
    /// The seconds between the starts of two walks over all stamps.
    ///
    /// Well below one hour, within which every stamp must be visited.
    private static let walkSeconds: Int64 = 1800

    /// The progress of the walk over all stamps.
    @usableFromInline
    struct StampWalk {
        /// The next segment of 64 buckets to visit.
        var segment = 0
        /// When the walk started.
        var startedAt: Int64 = 0
        /// Whether stamps are replaced by fresh ones instead of aged.
        var renews = false
    }

    /// The stamp of a new key.
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

    /// Replaces the stamp of the key at `slot`.
    @inlinable
    @inline(__always)
    public func setStamp(_ slot: Slot, _ stamp: AccessStamp) {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.keys.setStamp(slot.location, stamp, state.pointee.arena)
    }

    // MARK: The walk

    /// Replaces all stamps by fresh ones after a change of policy.
    ///
    /// Visits at most `budget` times 64 buckets now, the rest in later calls of `ageStamps`.
    public func renewStamps(_ clock: AccessClock, budget: inout Int) {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.stampWalk = StampWalk(renews: count > 0)
        ageStamps(clock, budget: &budget)
    }

    /// Ages stamps in at most `budget` times 64 buckets; the next call continues from there.
    ///
    /// Must be called about once a second.
    ///
    /// Complexity: O(budget).
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
