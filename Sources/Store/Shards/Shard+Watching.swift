internal import Primitives
public import Structures

/// The gate: all changes of the keyspace are announced here before the first write or deallocation.
///
/// For a shard that nobody watches this costs one test.
///
/// The gate is not needed for copies in progress, which no key refers to, for stamps and expiry
/// hints, and for moving blocks without changing their contents.
extension Shard {
    /// Whether a watcher must see keys before they change.
    @inlinable
    @inline(__always)
    public var isWatched: Bool {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.arena.isWatched
    }

    /// Whether insertions must consider watchers or states of keys.
    @inlinable
    var hasNotices: Bool {
        // SAFETY: the lock makes the caller the only user.
        @inline(__always) get { unsafe state.pointee.arena.hasNotices }
    }

    /// Announces that a key with `hash`, which is not there, is about to be added.
    func willInsert(_ hash: KeyHash) {
        if isWatched { show(bucketOf: hash) }
    }

    /// Announces that the value or expiry at `slot` is about to be edited in place.
    ///
    /// This includes the bytes of a string and the structure of a collection.
    @inlinable
    @inline(__always)
    public func willEdit(_ slot: Slot) {
        if _slowPath(isWatched) { show(slot, isDiscarded: false) }
    }

    /// Announces that the value at `slot` is about to be discarded.
    ///
    /// Its key is removed as well, or gets a new value.
    @inlinable
    @inline(__always)
    func willDiscard(_ slot: Slot) {
        if _slowPath(isWatched) { show(slot, isDiscarded: true) }
    }

    private func show(bucketOf hash: KeyHash) {
        // The first bucket of a table is shown when it is created.
        if keys.bucketTotal > 0 { show(Int(keys.bucket(of: hash)), change: nil) }
    }

    /// Shows the watcher the bucket of a slot that is about to change; if it has seen the bucket
    /// but still needs values of the shard, only the slot.
    @inline(never)
    @usableFromInline
    func show(_ slot: Slot, isDiscarded: Bool) {
        let change = ShardWatcher.Change(slot: slot, isDiscarded: isDiscarded)
        if !show(Int(slot.location.bucket), change: change), watch.holdsValues {
            watcher.willTouch(self, change)
        }
    }

    /// Shows the watcher a bucket unless it has seen it; returns whether it was shown now.
    @discardableResult
    private func show(_ bucket: Int, change: ShardWatcher.Change?) -> Bool {
        guard !keys.isSeen(bucket, arena) else { return false }
        keys.markSeen(bucket, arena)
        // Their keys' cache misses overlap: measured, they are a third of a worker's time.
        keys.prefetchEntries(inBucket: bucket, arena)
        watcher.willChange(self, bucket, change)
        return true
    }

    private var watcher: ShardWatcher {
        guard let watcher = watch.watcher else {
            preconditionFailure("a watched shard has a watcher")
        }
        return watcher
    }

    /// Shows the watcher the bucket at `slot` now, as a request is about to change the value there.
    public func showSoon(_ slot: Slot) {
        if isWatched { show(Int(slot.location.bucket), change: nil) }
    }

    /// Sets whether the watcher still needs values in buckets that it has seen.
    ///
    /// If so, it is notified of each change to those buckets (`ShardWatcher.willTouch`).
    public func holdValues(_ holds: Bool) { watch.holdsValues = holds }

    /// Offers the watcher what is about to be freed; returns whether the watcher keeps it.
    func isTaken(_ remains: Remains) -> Bool {
        // SAFETY: the lock makes the caller the only user.
        guard isWatched, let watcher = unsafe state.pointee.watch.watcher else { return false }
        return watcher.takes(self, remains)
    }

    // MARK: The watch

    /// The watcher of a shard, and the epochs that its buckets may carry.
    @usableFromInline
    struct Watch {
        var watcher: ShardWatcher?
        /// The watches whose epochs some buckets may still carry, from the first to the last.
        var firstEpoch = WatchEpoch.none
        var lastEpoch = WatchEpoch.none
        /// Whether the watcher still needs values in buckets that it has seen.
        var holdsValues = false
        /// Whether the shard was removed from the keyspace, so that only the watcher uses it.
        var isDetached = false
    }

    /// Starts a watch: `watcher` is shown every bucket before it changes.
    ///
    /// It thus sees the keys as they are now.
    ///
    /// Complexity: O(1), but O(buckets) after 62 watches abandoned in a row.
    public func beginWatching(_ watcher: ShardWatcher) {
        precondition(!isWatched, "a shard has one watcher at a time")
        let next = watch.lastEpoch.next
        if next == watch.firstEpoch {
            keys.forgetEpochs(arena)
            watch.firstEpoch = next
        }
        if watch.firstEpoch == .none { watch.firstEpoch = next }
        watch.lastEpoch = next
        watch.watcher = watcher
        arena.watchEpoch = next
    }

    /// Shows the watcher up to `budget` buckets from number `start` on, except those it has seen.
    ///
    /// Returns where to continue; nil if there are no more.
    public func showBuckets(from start: Int, budget: Int) -> Int? {
        precondition(isWatched && start >= 0, "somebody watches")
        let end = min(start + budget, keys.bucketTotal)
        var bucket = start
        while bucket < end {
            let ahead = bucket + 2
            if ahead < keys.bucketTotal, !keys.isSeen(ahead, arena) {
                keys.prefetchEntries(inBucket: ahead, arena)
            }
            show(bucket, change: nil)
            bucket += 1
        }
        return bucket < keys.bucketTotal ? bucket : nil
    }

    /// Ends the watch; the watcher must have freed everything it kept.
    ///
    /// `isComplete` tells whether it has seen all buckets. Returns whether the shard was removed
    /// from the keyspace in the meantime; if so, the watcher must have it destroyed.
    public func endWatching(isComplete: Bool) -> Bool {
        precondition(isWatched, "somebody watches")
        if isComplete {
            assert(
                (0..<keys.bucketTotal).allSatisfy { keys.isSeen($0, arena) },
                "all buckets were seen"
            )
            watch.firstEpoch = watch.lastEpoch
        }
        watch.watcher = nil
        watch.holdsValues = false
        arena.watchEpoch = .none
        return watch.isDetached
    }

    /// Retires the shard, which no database refers to any more.
    ///
    /// Returns true if it may be destroyed, false if its watcher still needs it.
    public func detach() -> Bool {
        precondition(!watch.isDetached, "a shard is taken out once")
        guard isWatched else { return true }
        watch.isDetached = true
        return false
    }

    private var watch: Watch {
        // SAFETY: the lock makes the caller the only user.
        _read { yield unsafe state.pointee.watch }
        nonmutating _modify { yield unsafe &state.pointee.watch }
    }
}

extension Shard.Slot {
    /// Whether both are the slot of the same key.
    public func isSame(as other: Shard.Slot) -> Bool {
        shard.isSame(as: other.shard) && entry.key == other.entry.key
    }
}
