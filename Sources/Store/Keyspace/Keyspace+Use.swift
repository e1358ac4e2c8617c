public import CSupport

/// How many bytes the keys take, counted while they change, for any thread to read.
///
/// ```text
/// line of a partition   0      4       8           16
///                       lock │ marks │ (reserved) │ bytes used, as counted last
/// ```
/// What a shard has grown by is counted when somebody asks for it with the partition locked: after
/// each command that writes while memory is bounded, after evictions, and in every tick.
extension Keyspace {
    @inlinable
    func usedWord(_ partition: Int) -> UnsafeMutablePointer<Int64> {
        // SAFETY: a word of the partition's line.
        unsafe (lines + (partition &* 64 &+ 16)).assumingMemoryBound(to: Int64.self)
    }

    /// Counts what a shard of a partition, which is locked, has grown by, and returns it.
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

    /// Counts the shard of a database in each of some partitions, which are locked.
    public func countUse(of partitions: PartitionSet, database: Int) -> Int {
        var growth = 0
        partitions.forEach { partition in
            growth += countUse(of: shard(partition: partition, database: database), partition)
        }
        return growth
    }

    /// Discounts a shard that is taken out of its partition, which is locked.
    func discountUse(of shard: Shard, _ partition: Int) {
        countUse(of: shard, partition)
        addUse(-shard.usedBytes, partition)
    }

    @inlinable
    func addUse(_ growth: Int, _ partition: Int) {
        // SAFETY: a word of this keyspace that the holder of the lock alone writes.
        let word = unsafe usedWord(partition)
        unsafe apus_long_store(word, apus_long_load(word) &+ Int64(growth))
    }

    /// The bytes of all keys and values, as counted last; no lock is needed.
    public var usedBytes: Int {
        var sum = 0
        for partition in 0..<partitionCount {
            // SAFETY: a word of this keyspace.
            sum += Int(unsafe apus_long_load(usedWord(partition)))
        }
        return sum
    }
}
