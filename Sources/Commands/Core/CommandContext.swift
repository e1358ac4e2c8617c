public import Primitives
public import Store
public import Structures
public import Wire

/// Settings that the control plane passes to the data path.
public struct CommandLimits: Sendable {
    /// proto-max-bulk-len: the maximum length of a string.
    public var stringBytesMax = 512 << 20
    /// The limits of the small encodings.
    public var encoding = EncodingLimits()
    /// memcached-item-size-max: the maximum size of an item.
    public var itemBytesMax = 1 << 20

    /// Creates the defaults.
    public init() {}
}

/// The environment of a command: the keyspace, a clock, the reply, and the client's database.
///
/// The dispatcher holds the locks for all keys that the command's row names.
public struct CommandContext: ~Copyable {
    /// All keys.
    public let keyspace: Keyspace
    /// The client's database.
    public var database = 0
    /// The time in milliseconds since 1970, the same for a whole batch.
    public var now: Int64 = 0
    /// The real time while nothing expires and `now` is zero: while a log is replayed, and for
    /// clients that import data.
    public var replayedAt: Int64?
    /// The real time, for timestamps and for expiries relative to now.
    public var date: Int64 { replayedAt ?? now }
    /// The clock for access stamps.
    public var accessClock = AccessClock() { didSet { chooseNotes() } }
    /// Whether the client's uses of keys leave no trace (CLIENT NO-TOUCH).
    public var ignoresUses = false { didSet { chooseNotes() } }
    /// Which uses of keys are recorded, and whether they change the keys' states.
    public var noting = UseNoting() { didSet { chooseNotes() } }
    /// Whether a use is recorded by its time alone, as is usual.
    @usableFromInline private(set) var notesTime = true
    /// Whether the running command may read only keys named in its request.
    public var readsNamedKeysOnly = false
    /// Whether expired keys are removed; if not (on a replica), they merely count as absent.
    public var removesDue = true
    /// The partitions locked for the command, unless it is only that of the single key in its row.
    public var held: PartitionSet = []
    /// The hash of the first key named by the row.
    public var firstHash = KeyHash(bits: 0)
    /// Where the reply goes.
    public var reply = ReplyWriter()
    /// Counters for INFO.
    public let statistics = CommandStatistics()
    /// Counters for memcached's `stats`.
    public let memcachedStatistics = MemcachedStatistics()
    /// Called with a key that is about to be evicted.
    public var whenEvicted: ((Shard.Slot) -> Void)?
    /// The last version number assigned to an item; see `nextVersion`.
    public var lastVersion: UInt64 = 0
    /// What commands changed.
    public var effects = Effects()
    /// Random choices that need not be unpredictable.
    public var random: FastRandom
    /// The configured limits.
    public var limits = CommandLimits()
    /// The last word of the request, if it was received into a block of its own.
    ///
    /// A handler that takes over the block (`takeBlock`) avoids a copy.
    public var received: SharedBlock?
    /// Storage for words in error texts that are not words of the request.
    public var errorDetail = ByteBuffer()
    /// Shards that FLUSHALL put aside; the server frees them on a helper thread.
    public var retired: [Shard] = []
    /// Keys that are about to be evicted.
    var victims: [EvictionVictim] = []

    /// Whether older blocked requests for the same key are being served, so that a blocking command
    /// must queue behind them.
    public var waitsInLine = false
    /// Resolved words of a blocked request: the last id of a stream for `$`.
    public var resolvedWords = ResolvedWords()

    /// How often to retry a blocked request even if its keys don't change, in milliseconds.
    public var lookAgainMilliseconds: Int64?

    /// The field sets of the client's session, lent to commands that use them.
    public var fieldSets = FieldSets()

    /// The progress of the running command, if it runs in slices.
    public var work: SlicedWork?
    /// Whether a command may start a copy in slices; if not, it waits.
    public var mayBeginWork = true
    /// Whether the request may wait at all.
    ///
    /// Within transactions and scripts it may not: every command runs to completion, and one that
    /// would block behaves as if it had timed out.
    public var mayWait = true
    /// Whether RESTORE compares the checksum of its payload.
    public var checksPayloads = true

    /// Creates a context for `keyspace`.
    public init(keyspace: Keyspace, seed: UInt64) {
        self.keyspace = keyspace
        random = FastRandom(seed: seed)
    }

    private mutating func chooseNotes() {
        notesTime = !ignoresUses && !accessClock.countsUses && noting.isUsual
    }

    // MARK: Memory

    /// Throws unless there is memory for a string of `byteCount` bytes and some space to grow.
    public func demandRoom(_ byteCount: Int) throws(CommandError) {
        let (room, overflow) = byteCount.addingReportingOverflow(1 << 20)
        guard !overflow, SharedBlock.isAvailable(room) else { throw .outOfMemory }
    }

    // MARK: Keys

    /// The key at word 1, whose hash the dispatcher has computed.
    @inlinable
    @inline(__always)
    public func firstKey(_ arguments: Arguments) -> Key { Key(arguments[1], firstHash) }

    /// A key and its hash.
    @inlinable
    public func key(_ word: Bytes) -> Key { Key(word, keyspace.hasher(word)) }

    /// The shard of `key` in the client's database, for writing.
    @inlinable
    @inline(__always)
    public func shard(_ key: Key) -> Shard { keyspace.openShard(key.hash, database: database) }

    /// A partition that a command has locked itself.
    struct OwnLock {
        let partition: Int
        /// Whether this took the lock.
        let isTaken: Bool
        /// What was recorded before.
        let wants: Effects.Wants
    }

    /// Locks a partition, unless its lock is held already; `unlock` must follow.
    ///
    /// For commands whose rows say that they take locks themselves.
    mutating func lock(_ partition: Int) -> OwnLock {
        let isTaken = !held.contains(PartitionSet(partition: partition))
        if isTaken { keyspace.lock(partition) }
        return OwnLock(partition: partition, isTaken: isTaken, wants: heed(partition))
    }

    /// Hands over the changes in a partition locked by `lock`, and unlocks it.
    mutating func unlock(_ lock: OwnLock) {
        handOver(resuming: lock.wants)
        if lock.isTaken { keyspace.unlock(lock.partition) }
    }

    // MARK: Finding

    /// The slot of `key`, or nil, for commands that write; counts as an access to the key.
    @inlinable
    public mutating func find(_ key: Key) -> Shard.Slot? {
        guard let slot = peek(key) else { return nil }
        noteUse(slot, isWrite: true)
        return slot
    }

    /// The slot of `key`, or nil, for commands that only read.
    ///
    /// Counts as a hit or a miss, and, if `isUse`, as an access to the key.
    @inlinable
    public mutating func read(_ key: Key, isUse: Bool = true) -> Shard.Slot? {
        guard let slot = peek(key) else {
            noteMiss(key)
            return nil
        }
        statistics.add(.hits)
        if isUse { noteUse(slot, isWrite: false) }
        return slot
    }

    /// Counts a lookup that found nothing, and reports it if needed.
    @inlinable
    mutating func noteMiss(_ key: Key) {
        statistics.add(.misses)
        if _slowPath(effects.wants.contains(.notify)) {
            effects.note(key, .keyMiss, in: database)
        }
    }

    /// The slot of `key`, or nil, for commands that inspect keys; leaves no trace.
    @inlinable
    @inline(__always)
    public mutating func peek(_ key: Key) -> Shard.Slot? { peek(key, in: database) }

    /// The slot of `key` in a database, or nil; leaves no trace, but removes an expired key.
    @inlinable
    @inline(__always)
    public mutating func peek(_ key: Key, in database: Int) -> Shard.Slot? {
        guard let slot = keyspace.shard(key.hash, database: database).find(key) else { return nil }
        guard _fastPath(!slot.entry.isDue(now)) else {
            removeDue(slot, in: database)
            return nil
        }
        return slot
    }

    /// Records a use of the key at `slot`.
    @inlinable
    @inline(__always)
    mutating func noteUse(_ slot: Shard.Slot, isWrite: Bool) {
        guard _fastPath(notesTime) else { return noteUnusualUse(slot, isWrite: isWrite) }
        slot.shard.setStamp(slot, accessClock.fresh)
    }

    /// As `find`, but throws if the key holds a value of another kind.
    @inlinable
    public mutating func find(_ key: Key, _ kind: EntryKind) throws(CommandError) -> Shard.Slot? {
        guard let slot = find(key) else { return nil }
        guard slot.entry.isKind(kind) else { throw .wrongType }
        return slot
    }

    /// As `read`, but throws if the key holds a value of another kind.
    @inlinable
    public mutating func read(_ key: Key, _ kind: EntryKind) throws(CommandError) -> Shard.Slot? {
        guard let slot = read(key) else { return nil }
        guard slot.entry.isKind(kind) else { throw .wrongType }
        return slot
    }

    /// The block that received `word`, now owned by the caller; nil if it is in the query buffer.
    public mutating func takeBlock(_ word: Bytes) -> SharedBlock? {
        guard let block = received, block.bytes.count == word.count,
            block.bytes.isSameRun(as: word)
        else { return nil }
        received = nil
        return block
    }
}
