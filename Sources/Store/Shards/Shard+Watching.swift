public import Primitives
public import Structures

/// The gate: every change of the keyspace announces itself here before its first write, and before
/// anything is freed.
///
/// A shard that nobody watches pays one test.
///
/// What needs no gate: copies in the making, which no key names; stamps, hints about expiries, and
/// blocks that move without a change of their content.
extension Shard {
    /// Whether someone must see keys before they change.
    @inlinable
    @inline(__always)
    public var isWatched: Bool {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.arena.isWatched
    }

    /// Announces that a key with `hash`, which is not there, is about to be added.
    @inlinable
    @inline(__always)
    func willInsert(_ hash: KeyHash) {
        if _slowPath(isWatched) { show(bucketOf: hash) }
    }

    /// Announces that the value or expiry at `slot` is about to be edited in place: a string's
    /// bytes, a collection's structure.
    @inlinable
    @inline(__always)
    public func willEdit(_ slot: Slot) {
        if _slowPath(isWatched) { show(slot.location.bucket, discarded: nil) }
    }

    /// Announces that the value at `slot` is about to go as a whole, with its key or for another
    /// value to come.
    @inlinable
    @inline(__always)
    func willDiscard(_ slot: Slot) {
        if _slowPath(isWatched) { show(slot.location.bucket, discarded: slot) }
    }

    @inline(never)
    @usableFromInline
    func show(bucketOf hash: KeyHash) {
        // The first bucket of a table is seen as it is made.
        if keys.bucketTotal > 0 { show(keys.bucket(of: hash), discarded: nil) }
    }

    /// Shows the watcher a bucket that it has not seen.
    @inline(never)
    @usableFromInline
    func show(_ bucket: UInt32, discarded: Slot?) {
        let bucket = Int(bucket)
        assert(discarded.map { Int($0.location.bucket) == bucket } ?? true, "the key's bucket")
        guard !keys.isSeen(bucket, arena) else { return }
        // SAFETY: the lock makes the caller the only user.
        guard let watcher = unsafe state.pointee.watch.watcher else {
            preconditionFailure("a watched shard has a watcher")
        }
        keys.markSeen(bucket, arena)
        watcher.willChange(self, bucket, discarded)
    }

    /// Offers the watcher what is about to be freed; true when it keeps it.
    func isTaken(_ remains: Remains) -> Bool {
        // SAFETY: the lock makes the caller the only user.
        guard isWatched, let watcher = unsafe state.pointee.watch.watcher else { return false }
        return watcher.takes(self, remains)
    }

    // MARK: The watch

    /// Who watches a shard, and which epochs its buckets may carry.
    @usableFromInline
    struct Watch {
        var watcher: ShardWatcher?
        /// The watches whose epochs some buckets may still carry, from the first to the last.
        var firstEpoch = WatchEpoch.none
        var lastEpoch = WatchEpoch.none
        /// Whether the shard was taken out of the keyspace, so that it is the watcher's alone.
        var isDetached = false
    }

    /// Has every bucket shown to `watcher` before it changes, so that it sees the keys as they are
    /// now.
    ///
    /// Complexity: O(1), but O(buckets) after 62 watches that were given up one after the other.
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

    /// Shows the watcher up to `budget` buckets, from number `start` on, unless it has seen them;
    /// returns where to go on, nil where there are no more.
    public func showBuckets(from start: Int, budget: Int) -> Int? {
        precondition(isWatched && start >= 0, "somebody watches")
        let end = min(start + budget, keys.bucketTotal)
        var bucket = start
        while bucket < end {
            show(UInt32(bucket), discarded: nil)
            bucket += 1
        }
        return bucket < keys.bucketTotal ? bucket : nil
    }

    /// Ends the watch; the watcher has given back what it took.
    ///
    /// `isComplete` says that it has seen all buckets. Returns whether the shard was taken out of
    /// the keyspace meanwhile: the watcher then has it destroyed.
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
        arena.watchEpoch = .none
        return watch.isDetached
    }

    /// Puts the shard, which no database names any more, out of use: true when it may be destroyed,
    /// false when its watcher still needs it.
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
