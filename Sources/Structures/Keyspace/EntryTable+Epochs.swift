internal import Primitives

/// Tracks which buckets a watcher has seen: those marked with the epoch of the arena's watch.
///
/// A split copies the epoch to the new bucket, so that entries the watcher has not seen stay
/// unseen. A chain has the epoch of its head.
extension EntryTable {
    /// Whether the watcher has seen bucket `index` since the watch began.
    public func isSeen(_ index: Int, _ arena: borrowing Arena) -> Bool {
        epochBits(UInt32(index), arena) == arena.watchEpoch.bits
    }

    /// Marks bucket `index` as seen by the watcher.
    public func markSeen(_ index: Int, _ arena: borrowing Arena) {
        setEpochBits(UInt32(index), arena.watchEpoch.bits, arena)
    }

    /// Clears the epochs of all watches in all buckets.
    ///
    /// Complexity: O(buckets).
    public func forgetEpochs(_ arena: borrowing Arena) {
        for index in 0..<bucketCount { setEpochBits(index, WatchEpoch.none.bits, arena) }
    }

    func epochBits(_ index: UInt32, _ arena: borrowing Arena) -> UInt32 {
        precondition(index < bucketCount, "the table has no such bucket")
        return bucketCell(index, arena).load(12, as: UInt32.self) & WatchEpoch.mask
    }

    func setEpochBits(_ index: UInt32, _ bits: UInt32, _ arena: borrowing Arena) {
        precondition(index < bucketCount, "the table has no such bucket")
        assert(bits & ~WatchEpoch.mask == 0, "the rest of the meta word stays the same")
        let cell = bucketCell(index, arena)
        cell.store(cell.load(12, as: UInt32.self) & ~WatchEpoch.mask | bits, 12)
    }

    /// Whether the last bucket may be merged into its buddy.
    ///
    /// Not while a watch runs and the watcher has seen only one of the two.
    func mayMerge(_ arena: borrowing Arena) -> Bool {
        guard arena.resizesTables, bucketCount > 1 else { return false }
        guard arena.isWatched else { return true }
        let last = bucketCount - 1
        return epochBits(last, arena) == epochBits(buddy(ofLast: last), arena)
    }

    /// The bucket that the last one is merged into.
    func buddy(ofLast last: UInt32) -> UInt32 {
        last == levelMask ? last & levelMask >> 1 : last & levelMask
    }
}
