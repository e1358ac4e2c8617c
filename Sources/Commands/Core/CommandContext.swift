public import Primitives
public import Store
public import Structures
public import Wire

/// What the control plane tells the data path: limits by configuration name.
public struct CommandLimits: Sendable {
    /// proto-max-bulk-len: the longest string.
    public var stringBytesMax = 512 << 20
    /// Where small encodings end.
    public var encoding = EncodingLimits()

    /// The defaults.
    public init() {}
}

/// What a command runs in: the keyspace, a clock, the reply, and the client's database.
///
/// The dispatcher holds the locks of the partitions of all keys that the command's row names.
public struct CommandContext: ~Copyable {
    /// All keys.
    public let keyspace: Keyspace
    /// The client's database.
    public var database = 0
    /// Milliseconds since 1970, the same for a whole batch.
    public var now: Int64 = 0
    /// The clock that dates uses of keys.
    public var accessClock = AccessClock() {
        didSet { notesTime = !ignoresUses && !accessClock.countsUses }
    }
    /// Whether the client's uses of keys leave no trace (CLIENT NO-TOUCH).
    public var ignoresUses = false {
        didSet { notesTime = !ignoresUses && !accessClock.countsUses }
    }
    /// Whether a use of a key is noted by its time alone: the usual case.
    @usableFromInline private(set) var notesTime = true
    /// Whether the command that runs may read no keys but those that its request names.
    public var readsNamedKeysOnly = false
    /// Whether what is due is removed; where not (on a replica), it only counts as absent.
    public var removesDue = true
    /// The partitions whose locks the command holds, where it holds others than that of the one key
    /// that its row names.
    public var held: PartitionSet = []
    /// The hash of the first key that the row names.
    public var firstHash = KeyHash(bits: 0)
    /// Where the reply goes.
    public var reply = ReplyWriter()
    /// What is counted.
    public let statistics = CommandStatistics()
    /// What commands changed.
    public var effects = Effects()
    /// Choices that need no secrecy.
    public var random: FastRandom
    /// Limits by configuration.
    public var limits = CommandLimits()
    /// The last word of the request where it was received into a block of its own.
    ///
    /// A handler that takes the block over (`takeBlock`) saves a copy.
    public var received: SharedBlock?
    /// Room for the word of an error that is no word of the request.
    var errorDetail = ByteBuffer()
    /// Shards that FLUSHALL put aside; the server frees them on a helper thread.
    public var retired: [Shard] = []

    /// What the command that runs has reached before, if it is one that goes on.
    public var work: SlicedWork?
    /// Whether a command may begin to copy in slices; if not, it waits.
    public var mayBeginWork = true
    /// Whether the request may wait at all: not within a transaction or a script, where every
    /// command runs whole, and one that would block does what it does when its time is up.
    public var mayWait = true

    /// A context over `keyspace`.
    public init(keyspace: Keyspace, seed: UInt64) {
        self.keyspace = keyspace
        random = FastRandom(seed: seed)
    }

    // MARK: Memory

    /// Throws where there is no memory for a string of `byteCount` bytes and some room to grow.
    public func demandRoom(_ byteCount: Int) throws(CommandError) {
        let (room, overflow) = byteCount.addingReportingOverflow(1 << 20)
        guard !overflow, SharedBlock.isAvailable(room) else { throw .outOfMemory }
    }

    // MARK: Keys

    /// The key at word 1, whose hash the dispatcher knows.
    @inlinable
    @inline(__always)
    public func firstKey(_ arguments: Arguments) -> Key { Key(arguments[1], firstHash) }

    /// A key with its hash.
    @inlinable
    public func key(_ word: Bytes) -> Key { Key(word, keyspace.hasher(word)) }

    /// The shard of `key` in the client's database, for writing.
    @inlinable
    @inline(__always)
    public func shard(_ key: Key) -> Shard { keyspace.openShard(key.hash, database: database) }

    /// A partition that a command locked by itself.
    struct OwnLock {
        let partition: Int
        /// Whether it was not held already.
        let isTaken: Bool
        /// Who wanted to know of changes before.
        let wants: Effects.Wants
    }

    /// Locks a partition for a command whose row says that it locks by itself, unless it is held
    /// already; `unlock` must follow.
    mutating func lock(_ partition: Int) -> OwnLock {
        let isTaken = !held.contains(PartitionSet(partition: partition))
        if isTaken { keyspace.lock(partition) }
        return OwnLock(partition: partition, isTaken: isTaken, wants: heed(partition))
    }

    /// Hands over what changed in a partition that `lock` has locked, and unlocks it.
    mutating func unlock(_ lock: OwnLock) {
        handOver(resuming: lock.wants)
        if lock.isTaken { keyspace.unlock(lock.partition) }
    }

    // MARK: Finding

    /// The slot of `key`, or nil, for commands that write; counts as a use of the key.
    @inlinable
    public mutating func find(_ key: Key) -> Shard.Slot? {
        guard let slot = peek(key) else { return nil }
        noteUse(slot)
        return slot
    }

    /// The slot of `key`, or nil, for commands that only read; counts as a hit or a miss and,
    /// unless `isUse` says no, as a use of the key.
    @inlinable
    public mutating func read(_ key: Key, isUse: Bool = true) -> Shard.Slot? {
        guard let slot = peek(key) else {
            statistics.add(.misses)
            return nil
        }
        statistics.add(.hits)
        if isUse { noteUse(slot) }
        return slot
    }

    /// The slot of `key`, or nil, without a trace; for commands that look at keys from outside.
    @inlinable
    @inline(__always)
    public mutating func peek(_ key: Key) -> Shard.Slot? { peek(key, in: database) }

    /// The slot of `key` in a database, or nil, without a trace; a key that is due is removed.
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

    /// Notes a use of the key at `slot`.
    @inlinable
    @inline(__always)
    mutating func noteUse(_ slot: Shard.Slot) {
        guard _fastPath(notesTime) else { return noteUnusualUse(slot) }
        slot.shard.setStamp(slot, accessClock.fresh)
    }

    /// As `find`, for a key that holds a `kind` or is not there.
    @inlinable
    public mutating func find(_ key: Key, _ kind: EntryKind) throws(CommandError) -> Shard.Slot? {
        guard let slot = find(key) else { return nil }
        guard slot.entry.isKind(kind) else { throw .wrongType }
        return slot
    }

    /// As `read`, for a key that holds a `kind` or is not there.
    @inlinable
    public mutating func read(_ key: Key, _ kind: EntryKind) throws(CommandError) -> Shard.Slot? {
        guard let slot = read(key) else { return nil }
        guard slot.entry.isKind(kind) else { throw .wrongType }
        return slot
    }

    @inline(never)
    @usableFromInline
    mutating func noteUnusualUse(_ slot: Shard.Slot) {
        guard !ignoresUses else { return }
        slot.shard.setStamp(slot, accessClock.used(slot.shard.stamp(slot), &random))
    }

    /// The block into which `word` was received, now the caller's; nil where it stands in the
    /// query buffer.
    public mutating func takeBlock(_ word: Bytes) -> SharedBlock? {
        guard let block = received, block.bytes.count == word.count,
            block.bytes.isSameRun(as: word)
        else { return nil }
        received = nil
        return block
    }
}
