internal import CSupport
internal import Glibc

/// Reads all keys without blocking others, or waiting, for long.
extension Keyspace {
    /// Calls `body` with every shard of a partition and its database while the partition is locked.
    ///
    /// `held` are the locks that the caller already holds. `patience` counts down the pauses that
    /// several calls may spend waiting in total. Returns false, without calling `body`, if another
    /// worker holds the partition for longer than that.
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
