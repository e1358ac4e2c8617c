public import CSupport
public import Primitives
internal import Glibc
public import Structures

/// All keys: databases cut into partitions by the keys' hashes, and the partitions' locks.
///
/// ```text
///                 partition 0   partition 1   …   partition 2^k - 1
///               ┌─────────────┬─────────────┬───┬─────────────┐
///   lines       │ lock, marks │ lock, marks │   │ lock, marks │   a cache line each
///   holdings    │ region,     │ region,     │   │ region,     │   pages for the shards below it;
///               │ databases   │ databases   │   │ databases   │   which databases have a shard
///   database 0  │ shard       │ shard       │   │ none        │
///   database 1  │ none        │ shard       │   │ none        │
///   …           │ (made when first written to)  │             │
///               └─────────────┴─────────────┴───┴─────────────┘
/// ```
/// One worker needs no locks and has as many partitions as the machine's memory asks for; more
/// workers share 64. The table of shards is reserved like a region and touched by `openDatabase`:
/// ten thousand databases cost as much as those in use.
///
/// ## Invariants
/// A shard's place changes only while its partition is locked, as does what is frozen. A database
/// stands in a partition's holdings exactly when it has a shard there. In the places of a database
/// that was opened stands a shard or `empty`.
@safe
@frozen
public struct Keyspace: @unchecked Sendable {  // because: the locks guard the shards
    @usableFromInline let shards: UnsafeMutablePointer<Shard?>
    /// Stands where a database has no shard, for who only reads.
    @usableFromInline let empty: Shard
    @usableFromInline let lines: UnsafeMutableRawPointer
    /// Of each partition the keys that one command alone may use.
    @usableFromInline let frozen: UnsafeMutablePointer<FrozenKeys>
    @usableFromInline let holdings: UnsafeMutablePointer<Holdings>
    @usableFromInline let shift: UInt64
    /// The hash of all keys.
    public let hasher: KeyHasher
    /// The stamp of keys that are made now.
    public let freshStamp = SharedStamp()
    /// Rings when huge pages are to be prepared (`prepareAhead`).
    public let bell = Doorbell()
    /// The number of partitions, a power of two up to 64.
    public let partitionCount: Int
    /// The number of databases.
    public let databaseCount: Int
    /// Whether several workers use it, so that locks are taken.
    public let isShared: Bool
    /// Whether memory of other workers' partitions may be looked at without their locks, see
    /// `lookForBucket`.
    @usableFromInline let looksWithoutLock: Bool
    /// Where the region of each partition lies.
    @usableFromInline let extents: UnsafeMutablePointer<Region.Extent>
    /// Whether addresses or promises of memory are limited, so that any request may be too large.
    public let isLimited: Bool

    /// An empty keyspace for `workers` threads, cut as `plan` says.
    ///
    /// It lives as long as the process. Ends the process when there are no addresses for its
    /// tables.
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
        // Where promises are limited, not all of a region may be read.
        looksWithoutLock = isShared && !limited && !apus_sees_races()
        for database in 0..<min(databases, Keyspace.openedAtOnce) { openDatabase(database) }
    }

    /// So many databases, the usual ones, are open from the start.
    private static let openedAtOnce = 16

    /// Room for the shards of so many partitions and databases, all none; memory comes as it is
    /// touched.
    private static func table(
        _ partitions: Int,
        _ databases: Int
    ) -> UnsafeMutablePointer<Shard?> {
        let stride = (partitions + 1) * MemoryLayout<Shard?>.stride
        let (byteCount, overflow) = databases.multipliedReportingOverflow(by: stride)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        // SAFETY: a fresh mapping, checked; zeros are no shards.
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
    /// No partition is locked. Complexity: O(1), the first time O(partitions).
    public func openDatabase(_ database: Int) {
        precondition(0 <= database && database < databaseCount, "no such database")
        // One place more than there are partitions tells that the others were filled.
        let mark = place(0, database) + partitionCount
        lock(0)
        // SAFETY: the first partition's lock guards the mark.
        let isOpen = unsafe shards[mark] != nil
        unlock(0)
        guard !isOpen else { return }
        for partition in (0..<partitionCount).reversed() {
            lock(partition)
            let index = place(partition, database)
            // SAFETY: the partition is locked.
            if unsafe shards[index] == nil { unsafe shards[index] = empty }
            if partition == 0 { unsafe shards[mark] = empty }
            unlock(partition)
        }
    }

    /// The shard of a hash in database `database`, for reading.
    @inlinable
    @inline(__always)
    public func shard(_ hash: KeyHash, database: Int) -> Shard {
        shard(partition: partition(hash), database: database)
    }

    /// The shard of a partition in a database, for reading: an empty one where there is none.
    @inlinable
    @inline(__always)
    public func shard(partition: Int, database: Int) -> Shard {
        let index = place(partition, database)
        assert(unsafe shards[index] != nil, "the database was opened")
        // SAFETY: `place` checks; an open database has no empty places.
        return unsafe shards[index].unsafelyUnwrapped
    }

    /// The shard of a hash in database `database`, for writing: made where there is none.
    @inlinable
    @inline(__always)
    public func openShard(_ hash: KeyHash, database: Int) -> Shard {
        let partition = partition(hash)
        let shard = shard(partition: partition, database: database)
        if _fastPath(!shard.isSame(as: empty)) { return shard }
        // A call on `self` would copy it, and what it lies in, even where it is not made.
        let index = place(partition, database)
        return unsafe Keyspace.makeShard(shards + index, holdings + partition, database)
    }

    /// The shard of a hash in a database that perhaps no client has selected yet, for writing.
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

    /// Asks the cache for the bucket of a key, without a lock where that is safe.
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

    /// Asks the cache for the entry of a key, without a lock where that is safe.
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

    /// The word of marks beside a partition's lock, see `PartitionMarks`.
    @inlinable
    @inline(__always)
    func marks(_ partition: Int) -> Cell { unsafe Cell(lines + (partition &* 64 &+ 4)) }

    @inlinable
    func lockWord(_ partition: Int) -> UnsafeMutablePointer<UInt32> {
        unsafe (lines + partition &* 64).assumingMemoryBound(to: UInt32.self)
    }

    /// How often a waiter looks at a lock before it sleeps, or gives up: some 50 microseconds.
    private static let looksMax = 2000
    /// How often before it lets other threads run: the holder may wait for this very core.
    private static let looksBeforeYield = 32
    /// How long a waiter sleeps between two looks.
    private static let sleepMicroseconds: UInt32 = 50

    /// Locks a partition unless another worker holds it for long; says whether it did.
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
