internal import Primitives
public import Structures

/// Finds expired keys and fields. Nothing is removed here: the caller does that, and reports it.
extension Shard {
    /// A key that has expired at `now`, or a hash with fields that have.
    ///
    /// Nil if there is none, or if `budget` is used up. The caller removes the key or those fields
    /// before it asks for the next one with the rest of the budget. Frozen values are skipped.
    ///
    /// Complexity: O(steps), plus one word per 64 buckets.
    public func nextDue(now: Int64, budget: inout Int) -> Slot? {
        guard hasVolatile else { return nil }
        // SAFETY: here and below, the lock makes the caller the only user.
        var walk = unsafe state.pointee.expiryWalk
        defer { unsafe state.pointee.expiryWalk = walk }
        while budget > 0 {
            let next = unsafe state.pointee.keys.dueBucket(
                from: walk.bucket,
                now: now,
                state.pointee.arena
            )
            guard let next else {
                // A removal may have moved expired keys to a bucket already visited.
                let goesOn = walk.hasRemoved
                walk = ExpiryWalk()
                guard goesOn else { return nil }
                continue
            }
            budget -= 1
            walk.bucket = next
            if let due = due(inBucket: next, now) {
                walk.hasRemoved = true
                return due
            }
            walk.bucket += 1
        }
        return nil
    }

    private var hasVolatile: Bool { volatileCount > 0 || volatileHashCount > 0 }

    /// An expired key, or a hash with expired fields, in a bucket.
    ///
    /// If there is none, corrects the hint and returns nil.
    private func due(inBucket bucket: Int, _ now: Int64) -> Slot? {
        var due: Slot?
        var earliest: Int64?
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.keys.forEach(inBucket: bucket, state.pointee.arena) { location in
            guard let expiry = expiry(within: location.entry) else { return }
            if expiry <= now, !isFrozen(location.entry) { due = Slot(self, location) }
            earliest = min(earliest ?? expiry, expiry)
        }
        if due == nil {
            unsafe state.pointee.keys.correctHint(bucket, to: earliest, state.pointee.arena)
        }
        return due
    }

    /// When a key expires or, if earlier, the first field of its hash.
    func expiry(within entry: Entry) -> Int64? {
        guard entry.isKind(.hash), let fields = HashValue.earliestExpiry(entry, in: self)
        else { return entry.expiry }
        return entry.expiry.map { min($0, fields) } ?? fields
    }

    /// The earliest time at which something may expire, or nil.
    public var earliestExpiry: Int64? {
        guard hasVolatile else { return nil }
        // SAFETY: the lock makes the caller the only user.
        return unsafe state.pointee.keys.earliestExpiry(state.pointee.arena)
    }

    // MARK: Frozen values

    /// Prevents the value of `entry`, a collection, and its key from expiring.
    func freeze(_ entry: Entry) {
        assert(!entry.isKind(.string), "strings are never worked on in slices")
        assert(!isFrozen(entry), "one command at a time works on a value")
        frozenRoots.append(entry.collection)
    }

    /// Reverts `freeze`; the value must still have the same root.
    func unfreeze(_ entry: Entry) {
        assert(isFrozen(entry), "the value was frozen")
        let root = entry.collection
        frozenRoots.removeAll { $0 == root }
    }

    /// Whether the value of `entry` cannot expire, as a command works on it in slices.
    public func isFrozen(_ entry: Entry) -> Bool {
        guard !frozenRoots.isEmpty, !entry.isKind(.string) else { return false }
        return frozenRoots.contains(entry.collection)
    }

    private var frozenRoots: [Handle] {
        // SAFETY: the lock makes the caller the only user.
        _read { yield unsafe state.pointee.frozenRoots }
        nonmutating _modify { yield unsafe &state.pointee.frozenRoots }
    }
}
