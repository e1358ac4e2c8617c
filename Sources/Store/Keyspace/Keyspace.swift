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

    /// Locks a partition; waits for it, asleep where that takes long.
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
    public func tryLock(_ partition: Int) -> Bool {
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

    /// Locks some partitions, in ascending order.
    public func lock(_ partitions: PartitionSet) {
        guard isShared else { return }
        partitions.forEach { lock($0) }
    }

    /// Locks some partitions unless another worker holds one of them; says whether it did.
    public func tryLock(_ partitions: PartitionSet) -> Bool {
        lock(partitions) { tryLock($0) }
    }

    /// Locks some partitions, in ascending order, unless another worker holds one of them for long;
    /// says whether it did.
    public func lockSoon(_ partitions: PartitionSet) -> Bool {
        lock(partitions) { lockSoon($0) }
    }

    /// Locks all of some partitions with `lock`, or none where that fails for one.
    private func lock(_ partitions: PartitionSet, _ lock: (Int) -> Bool) -> Bool {
        guard isShared else { return true }
        var locked: PartitionSet = []
        let isThrough = partitions.allSatisfy { partition in
            guard lock(partition) else { return false }
            locked.insert(PartitionSet(partition: partition))
            return true
        }
        if !isThrough { unlock(locked) }
        return isThrough
    }

    /// Unlocks some partitions.
    public func unlock(_ partitions: PartitionSet) {
        guard isShared else { return }
        partitions.forEach { unlock($0) }
    }

    /// All partitions.
    public var allPartitions: PartitionSet {
        PartitionSet(rawValue: partitionCount == 64 ? .max : 1 << UInt64(partitionCount) - 1)
    }

    @inlinable
    func lockWord(_ partition: Int) -> UnsafeMutablePointer<UInt32> {
        unsafe (locks + partition &* 64).assumingMemoryBound(to: UInt32.self)
    }

    /// How often a waiter looks at a lock before it sleeps, or gives up: some 50 microseconds.
    private static let looksMax = 2000
    /// How long a waiter sleeps between two looks.
    private static let sleepMicroseconds: UInt32 = 50

    /// Locks a partition unless another worker holds it for long; says whether it did.
    public func lockSoon(_ partition: Int) -> Bool {
        guard isShared else { return true }
        let word = unsafe lockWord(partition)
        for _ in 0..<Keyspace.looksMax {
            // SAFETY: a lock word of this keyspace.
            if unsafe apus_lock_peek(word) == 0, unsafe apus_lock_try(word) { return true }
            apus_pause()
        }
        return false
    }

    @inline(never)
    @usableFromInline
    func lockSlowly(_ partition: Int) {
        while !lockSoon(partition) { usleep(Keyspace.sleepMicroseconds) }
    }
}
