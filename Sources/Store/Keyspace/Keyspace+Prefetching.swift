public import CSupport
public import Primitives
public import Structures

/// Asking the cache ahead for memory of partitions whose locks are not held, so that a request
/// takes its lock once, when it runs.
///
/// What is read here may be changed meanwhile, even belong to another shard by then. So nothing is
/// believed: an address is checked to lie in the partition's region, all of which may be read,
/// before it is read from; and what comes of it is only prefetched, which never faults. A wrong
/// guess costs a cache line.
///
/// ThreadSanitizer would rightly call this a race; under it, and where not all of a region may be
/// read, the lock is taken as for everything else.
extension Keyspace {
    /// Asks the cache for the bucket of a key.
    @inlinable
    @inline(__always)
    func lookForBucket(_ hash: KeyHash, _ partition: Int, _ database: Int) {
        // SAFETY: see above.
        let extent = unsafe extents[partition]
        unsafe apus_look_for_bucket(
            shard(partition: partition, database: database).tableAddress,
            extent.base,
            UInt64(extent.capacity),
            hash.bits
        )
    }

    /// Asks the cache for the entry that a hash most likely stands for, for its stamp, and for its
    /// partition's lock.
    @inlinable
    @inline(__always)
    func lookForEntry(_ hash: KeyHash, _ partition: Int, _ database: Int) {
        // SAFETY: as above.
        let extent = unsafe extents[partition]
        unsafe apus_look_for_entry(
            shard(partition: partition, database: database).tableAddress,
            extent.base,
            UInt64(extent.capacity),
            hash.bits,
            hash.tag
        )
        unsafe apus_prefetch_to_write(lockWord(partition))
    }
}
