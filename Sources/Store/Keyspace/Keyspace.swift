public import CSupport
public import Primitives
internal import Glibc
internal import Structures

/// All keys: databases cut into partitions by the keys' hashes, and the partitions' locks.
///
/// ```text
///                 partition 0   partition 1   …   partition 2^k - 1
///               ┌─────────────┬─────────────┬───┬─────────────┐
///   locks       │ word        │ word        │   │ word        │   a cache line each, beside it
///               │ frozen keys │ frozen keys │   │ frozen keys │   the number of frozen keys
///   database 0  │ shard       │ shard       │   │ shard       │
///   database 1  │ (made when first written to)  │             │
///   …           │             │             │   │             │
///               └─────────────┴─────────────┴───┴─────────────┘
/// ```
/// One worker needs no locks and has one partition; more workers share 64.
///
/// ## Invariants
/// A shard's pointer changes only while its partition is locked, as does what is frozen.
@safe
@frozen
public struct Keyspace: @unchecked Sendable {  // because: the locks guard the shards
    @usableFromInline let shards: UnsafeMutablePointer<Shard>
    @usableFromInline let locks: UnsafeMutableRawPointer
    /// Of each partition the keys that one command alone may use.
    @usableFromInline let frozen: UnsafeMutablePointer<FrozenKeys>
    @usableFromInline let shift: UInt64
    /// The hash of all keys.
    public let hasher: KeyHasher
    /// The stamp of keys that are made now.
    public let freshStamp = SharedStamp()
    /// The number of partitions, a power of two up to 64.
    public let partitionCount: Int
    /// The number of databases.
    public let databaseCount: Int
    /// Whether several workers use it, so that locks are taken.
    public let isShared: Bool

    /// The bytes of addresses that are reserved when there are keys in every shard.
    public var addressBytes: Int { partitionCount * databaseCount * Arena.byteCountMax }

    /// An empty keyspace for `workers` threads. It lives as long as the process.
    public init(databases: Int, workers: Int) {
        databaseCount = databases
        isShared = workers > 1
        partitionCount = isShared ? 64 : 1
        shift = isShared ? 58 : 63
        hasher = KeyHasher()
        let total = partitionCount * databases
        unsafe shards = .allocate(capacity: total)
        for index in 0..<total {
            unsafe (shards + index).initialize(to: Shard(freshStamp: freshStamp))
        }
        unsafe frozen = .allocate(capacity: partitionCount)
        unsafe frozen.initialize(repeating: FrozenKeys(), count: partitionCount)
        unsafe locks = .allocate(byteCount: partitionCount * 64, alignment: 64)
        unsafe locks.initializeMemory(as: UInt8.self, repeating: 0, count: partitionCount * 64)
    }

    // MARK: Partitions

    /// The partition of a hash.
    @inlinable
    @inline(__always)
    public func partition(_ hash: KeyHash) -> Int {
        isShared ? Int(truncatingIfNeeded: hash.bits >> shift) : 0
    }

    /// The shard of a hash in database `database`.
    @inlinable
    @inline(__always)
    public func shard(_ hash: KeyHash, database: Int) -> Shard {
        shard(partition: partition(hash), database: database)
    }

    /// The shard of a partition in a database.
    @inlinable
    @inline(__always)
    public func shard(partition: Int, database: Int) -> Shard {
        assert(partition < partitionCount && database < databaseCount, "no such shard")
        // SAFETY: indices come from this type's own counts.
        return unsafe shards[partition &* databaseCount &+ database]
    }

    /// Puts another shard in a place; returns the one that was there. The partition is locked.
    public func exchange(partition: Int, database: Int, with shard: Shard) -> Shard {
        let index = partition * databaseCount + database
        let old = unsafe shards[index]
        unsafe shards[index] = shard
        return old
    }

    // MARK: Locks

    /// Locks a partition; spins, then yields.
    @inlinable
    @inline(__always)
    public func lock(_ partition: Int) {
        guard isShared else { return }
        // SAFETY: a lock word of this keyspace.
        if unsafe apus_lock_try(lockWord(partition)) { return }
        lockSlowly(partition)
    }

    /// Unlocks a partition.
    @inlinable
    @inline(__always)
    public func unlock(_ partition: Int) {
        guard isShared else { return }
        // SAFETY: a lock word of this keyspace, held by the caller.
        unsafe apus_lock_release(lockWord(partition))
    }

    /// Locks a partition unless another worker holds it; says whether it did.
    @inlinable
    @inline(__always)
    func tryLock(_ partition: Int) -> Bool {
        // SAFETY: a lock word of this keyspace.
        unsafe !isShared || apus_lock_try(lockWord(partition))
    }

    /// Asks the cache for the bucket of a key, unless another worker is in its partition.
    @inlinable
    @inline(__always)
    public func prefetchBucket(_ hash: KeyHash, database: Int) {
        let partition = partition(hash)
        guard tryLock(partition) else { return }
        shard(partition: partition, database: database).prefetchBucket(hash)
        unlock(partition)
    }

    /// Asks the cache for the entry of a key, unless another worker is in its partition.
    @inlinable
    @inline(__always)
    public func prefetchEntry(_ hash: KeyHash, database: Int) {
        let partition = partition(hash)
        guard tryLock(partition) else { return }
        shard(partition: partition, database: database).prefetchEntry(hash)
        unlock(partition)
    }

    /// Lends the shard of a hash to `body`, unless another worker is in its partition.
    @inlinable
    @inline(__always)
    public func withShardIfFree(of hash: KeyHash, database: Int, _ body: (Shard) -> Void) {
        let partition = partition(hash)
        guard tryLock(partition) else { return }
        body(shard(partition: partition, database: database))
        unlock(partition)
    }

    /// Locks the partitions whose bits are set, in ascending order.
    public func lock(set: UInt64) {
        guard isShared else { return }
        var rest = set
        while rest != 0 {
            lock(rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
    }

    /// Unlocks the partitions whose bits are set.
    public func unlock(set: UInt64) {
        guard isShared else { return }
        var rest = set
        while rest != 0 {
            unlock(rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
    }

    /// The set of all partitions.
    public var allPartitions: UInt64 { isShared ? UInt64.max : 1 }

    @inlinable
    func lockWord(_ partition: Int) -> UnsafeMutablePointer<UInt32> {
        unsafe (locks + partition &* 64).assumingMemoryBound(to: UInt32.self)
    }

    @inline(never)
    @usableFromInline
    func lockSlowly(_ partition: Int) {
        let word = unsafe lockWord(partition)
        var spins = 0
        while true {
            // SAFETY: a lock word of this keyspace.
            while unsafe apus_lock_peek(word) != 0 {
                spins += 1
                if spins % 64 == 0 { sched_yield() } else { apus_pause() }
            }
            if unsafe apus_lock_try(word) { return }
        }
    }
}
