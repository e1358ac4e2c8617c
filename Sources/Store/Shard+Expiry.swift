internal import Structures
internal import Primitives

/// Removing what is due.
extension Shard {
    /// Removes the key at `slot` because it was due.
    @usableFromInline
    func expire(_ slot: Slot) {
        unsafe state.pointee.expiredCount += 1
        remove(slot)
    }

    /// Removes keys that were due at `now`, at most `budget` of them; returns whether some may be
    /// left. Complexity: O(removed), and a word for every 64 buckets.
    public func expireDue(now: Int64, budget: inout Int) -> Bool {
        guard volatileCount > 0 else { return false }
        var start = 0
        while budget > 0 {
            guard
                let bucket = unsafe state.pointee.keys.dueBucket(
                    from: start, now: now, state.pointee.arena)
            else { return false }
            expireBucket(bucket, now, &budget)
            start = bucket + 1
        }
        return true
    }

    /// Removes one due key after the other, as each removal may move others; corrects the hint.
    private func expireBucket(_ bucket: Int, _ now: Int64, _ budget: inout Int) {
        while true {
            var due: Slot?
            var earliest: Int64?
            guard bucket < keys.bucketTotal else { return }
            unsafe state.pointee.keys.forEach(inBucket: bucket, state.pointee.arena) { location in
                guard let expiry = location.entry.expiry else { return }
                if expiry <= now { due = Slot(self, location) }
                earliest = min(earliest ?? expiry, expiry)
            }
            guard let due else {
                unsafe state.pointee.keys.correctHint(bucket, to: earliest, state.pointee.arena)
                return
            }
            budget -= 1
            expire(due)
        }
    }

    /// The earliest moment at which something may be due, or nil.
    public var earliestExpiry: Int64? {
        guard volatileCount > 0 else { return nil }
        return unsafe state.pointee.keys.earliestExpiry(state.pointee.arena)
    }
}
