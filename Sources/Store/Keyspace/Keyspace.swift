public import CSupport
public import Primitives
internal import Glibc
public import Structures

/// All keys: databases divided into partitions by key hash, and the locks of the partitions.
///
/// ```text
///                 partition 0   partition 1   …   partition 2^k - 1
///               ┌─────────────┬─────────────┬───┬─────────────┐
///   lines       │ lock, marks │ lock, marks │   │ lock, marks │   a cache line each
///   holdings    │ region,     │ region,     │   │ region,     │   pages for the shards below;
///               │ databases   │ databases   │   │ databases   │   which databases have a shard
///   database 0  │ shard       │ shard       │   │ none        │
///   database 1  │ none        │ shard       │   │ none        │
///   …           │ (created on the first write)  │             │
///               └─────────────┴─────────────┴───┴─────────────┘
/// ```
/// A single worker needs no locks and gets as many partitions as the machine's memory calls for;
/// several workers share 64. The table of shards is reserved like a region and touched only by
/// `openDatabase`, so unused databases cost nothing.
///
/// ## Invariants
/// The slot of a shard, and what is frozen, changes only while the partition is locked. A database
/// is listed in a partition's holdings exactly if it has a shard there. The slots of an open
/// database hold a shard or `empty`.
@safe
@frozen
public struct Keyspace: @unchecked Sendable {  // because: the locks guard the shards
    @usableFromInline let shards: UnsafeMutablePointer<Shard?>
    /// Stands in, for readers, where a database has no shard.
    @usableFromInline let empty: Shard
    @usableFromInline let lines: UnsafeMutableRawPointer
    /// Per partition, the keys reserved for a single command.
    @usableFromInline let frozen: UnsafeMutablePointer<FrozenKeys>
    @usableFromInline let holdings: UnsafeMutablePointer<Holdings>
    @usableFromInline let shift: UInt64
    /// The hash of all keys.
    public let hasher: KeyHasher
    /// The access stamp of new keys.
    public let freshStamp = SharedStamp()
    /// Rings when huge pages must be prepared (`prepareAhead`).
    public let bell = Doorbell()
    /// The number of partitions, a power of two up to 64.
    public let partitionCount: Int
    /// The number of databases.
    public let databaseCount: Int
    /// Whether several workers share the keyspace, so that locks are taken.
    public let isShared: Bool
    /// Whether memory of other workers' partitions may be read without their locks.
    ///
    /// See `lookForBucket`.
    @usableFromInline let looksWithoutLock: Bool
    /// The location of each partition's region.
    @usableFromInline let extents: UnsafeMutablePointer<Region.Extent>
    /// Whether address space or memory commitments are limited: any request may then be too large.
    public let isLimited: Bool

    /// Creates an empty keyspace for `workers` threads, divided as `plan` says.
    ///
    /// It lives as long as the process, which ends if there is no address space for the tables.
    public init(databases: Int, workers: Int, plan: KeyspacePlan? = nil) {
        let plan = plan ?? KeyspacePlan(workers: workers, machineBytes: 0)
        databaseCount = databases
        isShared = workers > 1
        partitionCount = plan.partitionCount
        shift = 64 - UInt64(partitionCount.trailingZeroBitCount)
        hasher = KeyHasher(usesSlots: plan.usesSlots)
        unsafe shards = Keyspace.table(partitionCount, databases)
        empty = Shard(freshStamp: freshStamp, region: Region(byteCount: 0))
        unsafe frozen = .allocate(capacity: partitionCount)
        unsafe frozen.initialize(repeating: FrozenKeys(), count: partitionCount)
        unsafe lines = .allocate(byteCount: partitionCount * 64, alignment: 64)
        unsafe lines.initializeMemory(as: UInt8.self, repeating: 0, count: partitionCount * 64)
        unsafe holdings = .allocate(capacity: partitionCount)
        unsafe extents = .allocate(capacity: partitionCount)
        var limited = plan.isLimited
        for partition in 0..<partitionCount {
            let region = Region(
                byteCount: plan.regionBytes,
                isLimited: plan.isLimited,
                bell: bell
            )
            region.showTightness(at: unsafe Cell(lines + (partition * 64 + 4)))
            unsafe (holdings + partition).initialize(
                to: Holdings(region: region, freshStamp: freshStamp)
            )
            unsafe (extents + partition).initialize(to: region.extent)
            limited = limited || region.isLimited
        }
        isLimited = limited
        // Where commitments are limited, not all of a region is readable.
        looksWithoutLock = isShared && !limited && !apus_sees_races()
        for database in 0..<min(databases, Keyspace.openedAtOnce) { openDatabase(database) }
    }

    /// The number of databases that are open from the start, which is also the default.
    private static let openedAtOnce = 16

    /// Reserves a table of shards, all nil, for these numbers of partitions and databases.
    ///
    /// Memory is committed when touched.
    private static func table(
        _ partitions: Int,
        _ databases: Int
    ) -> UnsafeMutablePointer<Shard?> {
        let stride = (partitions + 1) * MemoryLayout<Shard?>.stride
        let (byteCount, overflow) = databases.multipliedReportingOverflow(by: stride)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        // SAFETY: a fresh mapping, checked; zeros mean that there is no shard.
        guard !overflow,
            let address = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0),
            unsafe address != MAP_FAILED
        else { apus_out_of_memory(byteCount) }
        return unsafe address.bindMemory(
            to: Shard?.self,
            capacity: byteCount / MemoryLayout<Shard?>.stride
        )
    }

    // MARK: Partitions

    /// The partition of a hash.
    @inlinable
    @inline(__always)
    public func partition(_ hash: KeyHash) -> Int {
        partitionCount > 1 ? Int(truncatingIfNeeded: hash.bits &>> shift) : 0
    }

    /// Prepares a database for use by requests, as SELECT does before any runs there.
    ///
    /// `held` are the locks that the caller holds: all of them or none. Complexity: O(1), the
    /// first time O(partitions).
    public func openDatabase(_ database: Int, held: PartitionSet = []) {
        precondition(0 <= database && database < databaseCount, "no such database")
        // An extra slot after those of the partitions records whether they have been filled.
        let mark = place(0, database) + partitionCount
        let takesLocks = !held.contains(allPartitions)
        precondition(!takesLocks || held.isEmpty, "locks are taken in order")
        if takesLocks { lock(0) }
        // SAFETY: the first partition's lock guards the mark.
        let isOpen = unsafe shards[mark] != nil
        if takesLocks { unlock(0) }
        guard !isOpen else { return }
        for partition in (0..<partitionCount).reversed() {
            if takesLocks { lock(partition) }
            let index = place(partition, database)
            // SAFETY: the partition is locked.
            if unsafe shards[index] == nil { unsafe shards[index] = empty }
            if partition == 0 { unsafe shards[mark] = empty }
            if takesLocks { unlock(partition) }
        }
    }

    /// The shard for a hash in a database, for reading.
    @inlinable
    @inline(__always)
    public func shard(_ hash: KeyHash, database: Int) -> Shard {
        shard(partition: partition(hash), database: database)
    }

    /// The shard of a partition in a database, for reading; an empty one if there is none.
    @inlinable
    @inline(__always)
    public func shard(partition: Int, database: Int) -> Shard {
        let index = place(partition, database)
        assert(unsafe shards[index] != nil, "the database was opened")
        // SAFETY: `place` checks its arguments; an open database has no nil slots.
        return unsafe shards[index].unsafelyUnwrapped
    }

    /// The shard for a hash in a database, for writing; created if necessary.
    @inlinable
    @inline(__always)
    public func openShard(_ hash: KeyHash, database: Int) -> Shard {
        let partition = partition(hash)
        let shard = shard(partition: partition, database: database)
        if _fastPath(!shard.isSame(as: empty)) { return shard }
        // Calling a method of `self` would copy all of it, even if no shard is created.
        let index = place(partition, database)
        return unsafe Keyspace.makeShard(shards + index, holdings + partition, database)
    }

    /// The shard for a hash, for writing, in a database that no client may have selected yet.
    public func openShard(_ hash: KeyHash, inAny database: Int) -> Shard {
        let partition = partition(hash)
        let index = place(partition, database)
        return unsafe shard(at: index)
            ?? Keyspace.makeShard(shards + index, holdings + partition, database)
    }

    @inlinable
    @inline(__always)
    func place(_ partition: Int, _ database: Int) -> Int {
        assert(partition < partitionCount && database < databaseCount, "no such shard")
        return database &* (partitionCount &+ 1) &+ partition
    }

    // MARK: Locks

    /// Locks a partition, sleeping if that takes long.
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

    /// Locks a partition unless another worker holds it; returns whether it did.
    @inlinable
    @inline(__always)
    public func tryLock(_ partition: Int) -> Bool {
        // SAFETY: a lock word of this keyspace.
        unsafe !isShared || apus_lock_try(lockWord(partition))
    }

    /// Prefetches the bucket of a key, without a lock where that is safe.
    @inlinable
    @inline(__always)
    public func prefetchBucket(_ hash: KeyHash, database: Int) {
        let partition = partition(hash)
        if _fastPath(!isShared) {
            shard(partition: partition, database: database).prefetchBucket(hash)
        } else if looksWithoutLock {
            lookForBucket(hash, partition, database)
        } else if tryLock(partition) {
            shard(partition: partition, database: database).prefetchBucket(hash)
            unlock(partition)
        }
    }

    /// Prefetches the entry of a key, without a lock where that is safe.
    @inlinable
    @inline(__always)
    public func prefetchEntry(_ hash: KeyHash, database: Int) {
        let partition = partition(hash)
        if _fastPath(!isShared) {
            shard(partition: partition, database: database).prefetchEntry(hash)
        } else if looksWithoutLock {
            lookForEntry(hash, partition, database)
        } else if tryLock(partition) {
            shard(partition: partition, database: database).prefetchEntry(hash)
            unlock(partition)
        }
    }

    /// Calls `body` with the shard for a hash, unless another worker holds its partition.
    @inlinable
    @inline(__always)
    public func withShardIfFree(of hash: KeyHash, database: Int, _ body: (Shard) -> Void) {
        let partition = partition(hash)
        guard tryLock(partition) else { return }
        body(shard(partition: partition, database: database))
        unlock(partition)
    }

    /// Locks several partitions, in ascending order.
    public func lock(_ partitions: PartitionSet) {
        guard isShared else { return }
        partitions.forEach { lock($0) }
    }

    /// Locks several partitions unless another worker holds one of them; returns whether it did.
    public func tryLock(_ partitions: PartitionSet) -> Bool {
        lock(partitions) { tryLock($0) }
    }

    /// Locks several partitions, in ascending order, unless another worker holds one for long.
    ///
    /// Returns whether it did.
    public func lockSoon(_ partitions: PartitionSet) -> Bool {
        lock(partitions) { lockSoon($0) }
    }

    /// Locks several partitions with `lock`, or none of them if that fails for one.
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

    /// Unlocks several partitions.
    public func unlock(_ partitions: PartitionSet) {
        guard isShared else { return }
        partitions.forEach { unlock($0) }
    }

    /// All partitions.
    public var allPartitions: PartitionSet {
        PartitionSet(rawValue: partitionCount == 64 ? .max : 1 << UInt64(partitionCount) - 1)
    }

    /// The word with a partition's marks, beside its lock; see `PartitionMarks`.
    @inlinable
    @inline(__always)
    func marks(_ partition: Int) -> Cell { unsafe Cell(lines + (partition &* 64 &+ 4)) }

    @inlinable
    func lockWord(_ partition: Int) -> UnsafeMutablePointer<UInt32> {
        unsafe (lines + partition &* 64).assumingMemoryBound(to: UInt32.self)
    }

    /// How often a waiter polls a lock before it sleeps or gives up: about 50 microseconds.
    private static let looksMax = 2000
    /// How often it polls before it yields: the lock's holder may be waiting for this very core.
    private static let looksBeforeYield = 32
    /// How long a waiter sleeps between two polls.
    private static let sleepMicroseconds: UInt32 = 50

    /// Locks a partition unless another worker holds it for long; returns whether it did.
    public func lockSoon(_ partition: Int) -> Bool {
        guard isShared else { return true }
        let word = unsafe lockWord(partition)
        for look in 1...Keyspace.looksMax {
            // SAFETY: a lock word of this keyspace.
            if unsafe apus_lock_peek(word) == 0, unsafe apus_lock_try(word) { return true }
            if look % Keyspace.looksBeforeYield == 0 { sched_yield() } else { apus_pause() }
        }
        return false
    }

    @inline(never)
    @usableFromInline
    func lockSlowly(_ partition: Int) {
        while !lockSoon(partition) { usleep(Keyspace.sleepMicroseconds) }
    }
}
