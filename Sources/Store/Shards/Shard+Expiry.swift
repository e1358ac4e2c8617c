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

    /// Removes keys, and fields of hashes, that were due at `now`, and looks into buckets that may
    /// hold some, at most `budget` of both; returns whether some may be left, where the next call
    /// goes on. Complexity: O(budget), and a word for every 64 buckets.
    public func expireDue(now: Int64, budget: inout Int) -> Bool {
        guard hasVolatile else { return false }
        var walk = unsafe state.pointee.expiryWalk
        defer { unsafe state.pointee.expiryWalk = walk }
        while budget > 0 {
            let next = unsafe state.pointee.keys.dueBucket(
                from: walk.bucket,
                now: now,
                state.pointee.arena
            )
            guard let next else {
                // A removal may have moved what was due to a bucket behind.
                let goesOn = walk.hasRemoved
                walk = ExpiryWalk()
                guard goesOn else { return false }
                continue
            }
            let before = budget
            walk.bucket = next
            let isThrough = expireBucket(next, now, &budget)
            if budget < before { walk.hasRemoved = true } else { budget -= 1 }
            guard isThrough else { return true }
            walk.bucket += 1
        }
        return true
    }

    private var hasVolatile: Bool { volatileCount > 0 || volatileHashCount > 0 }

    /// Removes one due key, or one hash's due fields, after the other, as each removal may move
    /// others; corrects the hint. False when the budget did not do.
    private func expireBucket(_ bucket: Int, _ now: Int64, _ budget: inout Int) -> Bool {
        while bucket < keys.bucketTotal {
            var due: Slot?
            var earliest: Int64?
            unsafe state.pointee.keys.forEach(inBucket: bucket, state.pointee.arena) { location in
                guard let expiry = expiry(within: location.entry) else { return }
                if expiry <= now { due = Slot(self, location) }
                earliest = min(earliest ?? expiry, expiry)
            }
            guard let due else {
                unsafe state.pointee.keys.correctHint(bucket, to: earliest, state.pointee.arena)
                return true
            }
            guard budget > 0 else { return false }
            if due.entry.isDue(now) {
                budget -= 1
                expire(due)
            } else {
                let hash = HashValue(due)
                hash.dropDue(now: now, &budget)
                hash.removeIfEmpty()
            }
        }
        return true
    }

    /// When a key goes or, before that, the first field of the hash that it holds.
    private func expiry(within entry: Entry) -> Int64? {
        guard entry.isKind(.hash), let fields = HashValue.earliestExpiry(entry, in: self),
            !isFrozen(entry)
        else { return entry.expiry }
        return entry.expiry.map { min($0, fields) } ?? fields
    }

    /// The earliest moment at which something may be due, or nil.
    public var earliestExpiry: Int64? {
        guard hasVolatile else { return nil }
        return unsafe state.pointee.keys.earliestExpiry(state.pointee.arena)
    }

    // MARK: Frozen values

    /// Lets nothing in the value of `entry`, a collection, expire.
    func freeze(_ entry: Entry) { frozenRoots.append(entry.collection) }

    /// Takes back what `freeze` did; `slot` is the value's, which must not have got another root.
    func unfreeze(_ slot: Slot) {
        let root = slot.entry.collection
        frozenRoots.removeAll { $0 == root }
        // The hint may have been corrected in the meantime.
        if slot.entry.isKind(.hash) { HashValue.announce(slot, isNew: false) }
    }

    private func isFrozen(_ entry: Entry) -> Bool {
        !frozenRoots.isEmpty && frozenRoots.contains(entry.collection)
    }

    private var frozenRoots: [Handle] {
        // SAFETY: the lock makes the caller the only user.
        _read { yield unsafe state.pointee.frozenRoots }
        nonmutating _modify { yield unsafe &state.pointee.frozenRoots }
    }
}
