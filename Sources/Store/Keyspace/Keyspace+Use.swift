public import CSupport

/// How many bytes the keys use, counted as they change; any thread may read it.
///
/// ```text
/// line of a partition   0      4       8           16
///                       lock │ marks │ (reserved) │ bytes used, as counted last
/// ```
/// The growth of a shard is added by calls with its partition locked: after each write command
/// while `maxmemory` is set, after evictions, and in every tick.
extension Keyspace {
    @inlinable
    func usedWord(_ partition: Int) -> UnsafeMutablePointer<Int64> {
        // SAFETY: a word of the partition's line.
        unsafe (lines + (partition &* 64 &+ 16)).assumingMemoryBound(to: Int64.self)
    }

    /// Counts the growth of a shard of a locked partition, and returns it.
    @inlinable
    @discardableResult
    public func countUse(of shard: Shard, _ partition: Int) -> Int {
        let growth = shard.takeGrowth()
        if growth != 0 { addUse(growth, partition) }
        return growth
    }

    /// As above, for all shards of the partition.
    ///
    /// Complexity: O(databases).
    @discardableResult
    public func countUse(ofPartition partition: Int) -> Int {
        var growth = 0
        forEachShard(inPartition: partition) { shard, _ in growth += countUse(of: shard, partition)
        }
        return growth
    }

    /// As above, for the shards of a database in several locked partitions.
    public func countUse(of partitions: PartitionSet, database: Int) -> Int {
        var growth = 0
        partitions.forEach { partition in
            growth += countUse(of: shard(partition: partition, database: database), partition)
        }
        return growth
    }

    /// Subtracts a shard that is being removed from its locked partition.
    func discountUse(of shard: Shard, _ partition: Int) {
        countUse(of: shard, partition)
        addUse(-shard.usedBytes, partition)
    }

    @inlinable
    func addUse(_ growth: Int, _ partition: Int) {
        // SAFETY: a word of this keyspace, which only the holder of the lock writes.
        let word = unsafe usedWord(partition)
        unsafe apus_long_store(word, apus_long_load(word) &+ Int64(growth))
    }

    /// The bytes used by all keys and values, as last counted; needs no lock.
    public var usedBytes: Int {
        var sum = 0
        for partition in 0..<partitionCount {
            // SAFETY: a word of this keyspace.
            sum += Int(unsafe apus_long_load(usedWord(partition)))
        }
        return sum
    }
}
