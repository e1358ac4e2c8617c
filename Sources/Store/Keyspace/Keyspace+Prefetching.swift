public import CSupport
public import Primitives
public import Structures

/// Prefetches memory of partitions whose locks are not held.
///
/// That way, a request takes its lock only once, when it runs.
///
/// Whatever is read here may be changing, or may even belong to another shard by now, so nothing
/// read is trusted: an address must lie in the partition's region, all of which is readable, before
/// it is read from; and the result is only prefetched, which never faults. A wrong guess costs a
/// cache line.
///
/// ThreadSanitizer would rightly report this as a race. Under it, and where not all of a region is
/// readable, the lock is taken as usual.
extension Keyspace {
    /// Prefetches the bucket of a key.
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

    /// Prefetches the entry that most likely has this hash, its stamp, and its partition's lock.
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
