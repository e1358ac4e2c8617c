internal import CSupport
internal import Glibc

/// Looking at all keys without keeping anybody waiting for long, nor waiting long for anybody.
extension Keyspace {
    /// Calls `body` with every shard of a partition and its database, the partition locked.
    ///
    /// `held` are the locks that the caller holds. `patience` counts down the pauses that several
    /// looks may wait together. Returns: false, and nothing was called, where another worker kept
    /// the partition for longer.
    public func look(
        at partition: Int,
        held: PartitionSet,
        patience: inout Int,
        _ body: (_ shard: Shard, _ database: Int) -> Void
    ) -> Bool {
        guard !held.contains(PartitionSet(partition: partition)) else {
            forEachShard(inPartition: partition, body)
            return true
        }
        while !tryLock(partition) {
            guard patience > 0 else { return false }
            patience -= 1
            if patience % 64 == 0 { sched_yield() } else { apus_pause() }
        }
        defer { unlock(partition) }
        forEachShard(inPartition: partition, body)
        return true
    }
}
