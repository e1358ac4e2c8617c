internal import Structures

/// How full the buckets of tables are, for debugging.
extension Shard {
    /// Calls `body` for every bucket of the table of keys.
    ///
    /// Passes the number of keys, and of keys with an expiry, in the bucket. `body` must not change
    /// the shard.
    public func forEachBucket(_ body: (_ keys: Int, _ volatile: Int) -> Void) {
        let table = keys
        for bucket in 0..<table.bucketTotal {
            var held = 0
            var volatile = 0
            table.forEach(inBucket: bucket, arena) { location in
                held += 1
                if location.entry.hasWord { volatile += 1 }
            }
            body(held, volatile)
        }
    }

    /// Calls `body` with the slot of every key in a bucket of the table of keys, due ones included.
    ///
    /// `body` must not change the shard.
    public func forEach(inBucket bucket: Int, _ body: (Slot) -> Void) {
        keys.forEach(inBucket: bucket, arena) { body(Slot(self, $0)) }
    }

    /// Calls `body` for every bucket of the collection at `slot`, with the number of members in it.
    ///
    /// Returns false if the collection has no table. `body` must not change the shard.
    public func forEachBucket(of slot: Slot, _ body: (_ members: Int) -> Void) -> Bool {
        guard !slot.entry.isKind(.string), let table = table(slot.entry) else { return false }
        for bucket in 0..<table.bucketTotal {
            var held = 0
            table.forEach(inBucket: bucket, arena) { _ in held += 1 }
            body(held)
        }
        return true
    }

    /// Makes room in the table for `total` keys; there must be none yet.
    ///
    /// Complexity: O(`total`).
    public func reserve(_ total: Int) {
        keys.reserve(total, &arena)
    }

    /// Whether the shard's tables may add and remove buckets.
    ///
    /// While they may not, chains of buckets get longer.
    public var resizesTables: Bool {
        get { arena.resizesTables }
        nonmutating set { arena.resizesTables = newValue }
    }
}
