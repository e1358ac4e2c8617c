public import Primitives
public import Structures

/// One database's part of one partition: a table of keys, and the arena that holds them.
///
/// This is a handle; whoever uses it must hold the partition's lock. All times are milliseconds
/// since 1970.
///
/// ## Invariants
/// Every key appears once in `keys`. Every entry with an expiry, and every hash with a field that
/// has one, is covered by a hint that is not late. `volatileCount` is the number of those keys,
/// `volatileHashCount` that of those hashes.
@safe
@frozen
public struct Shard: @unchecked Sendable {  // because: the partition's lock guards it
    /// The state of a shard.
    @usableFromInline
    struct State: ~Copyable {
        @usableFromInline var arena: Arena
        @usableFromInline var keys = EntryTable(isStamped: true)
        @usableFromInline var volatileCount = 0
        /// Bytes of values outside the arena.
        @usableFromInline var externalBytes = 0
        /// Large values whose keys are gone, to be freed in slices.
        @usableFromInline var remains: [Remains] = []
        /// Large blocks outside the arena that only this list refers to, to be freed in slices.
        var deadBlocks: [SharedBlock] = []
        @usableFromInline var expiryWalk = ExpiryWalk()
        /// The number of large values freed in slices since `takeFreedCount`.
        var freedCount = 0
        @usableFromInline var stampWalk = StampWalk()
        /// The stamp of new keys; nil for a shard outside a keyspace.
        @usableFromInline var freshStamp: SharedStamp?
        /// The number of hashes with fields that have an expiry.
        var volatileHashCount = 0
        /// The roots of values that a command works on in slices.
        ///
        /// Neither they nor their contents expire.
        var frozenRoots: [Handle] = []
        @usableFromInline var watch = Watch()
        /// The order in which keys are evicted; nil before the first eviction.
        var evictionOrder: EvictionOrder?
        /// The growth counted so far by `takeGrowth`.
        @usableFromInline var countedBytes = 0
    }

    /// The progress of the search for expired keys.
    @usableFromInline
    struct ExpiryWalk {
        @usableFromInline var bucket = 0
        /// Whether something was removed since the first bucket.
        @usableFromInline var hasRemoved = false
    }

    /// A collection, or part of one, that no key refers to and that is freed in slices.
    public struct Remains {
        let kind: EntryKind
        let encoding: UInt8
        var root: Handle
    }

    @usableFromInline let state: UnsafeMutablePointer<State>

    /// Creates an empty shard that takes its pages from `region`.
    ///
    /// New keys get the stamp `freshStamp`. The shard must be freed with `destroy`.
    public init(freshStamp: SharedStamp? = nil, region: Region = Region()) {
        unsafe state = Shard.newPlace()
        unsafe state.initialize(to: State(arena: Arena(region: region)))
        unsafe state.pointee.freshStamp = freshStamp
    }

    /// Frees all memory at once.
    ///
    /// No handle may be used any more.
    public func destroy() {
        if externalBytes > 0 || hasDeadBlocks { releaseBlocks() }
        unsafe state.deinitialize(count: 1)
        unsafe Shard.keepPlace(state)
    }

    /// The address of the table of keys, for reading without the partition's lock.
    ///
    /// The table may be changing, or gone, while it is read.
    @inlinable
    var tableAddress: UnsafeRawPointer {
        // SAFETY: the memory of a state is never freed, see `keepPlace`.
        unsafe withUnsafeMutablePointer(to: &state.pointee.keys) { UnsafeRawPointer($0) }
    }

    /// Releases all values outside the arena, before the arena is destroyed.
    private func releaseBlocks() {
        var budget = Int.max
        _ = freeSome(budget: &budget)
        forEach { slot in
            let entry = slot.entry
            if entry.isKind(.string), entry.stringEncoding == .external {
                SharedBlock(address: entry.externalAddress).release()
            } else if entry.isKind(.hash) {
                HashValue.freeBlocks(entry, in: self)
            }
        }
    }

    // MARK: Parts

    /// The memory that holds everything in the shard.
    @inlinable
    public var arena: Arena {
        // SAFETY: the lock makes the caller the only user.
        _read { yield unsafe state.pointee.arena }
        nonmutating _modify { yield unsafe &state.pointee.arena }
    }

    @inlinable
    var keys: EntryTable {
        _read { yield unsafe state.pointee.keys }
        nonmutating _modify { yield unsafe &state.pointee.keys }
    }

    /// The number of keys, including expired ones not yet removed.
    @inlinable
    public var count: Int { unsafe state.pointee.keys.count }

    /// The number of keys with an expiry.
    public var volatileCount: Int { unsafe state.pointee.volatileCount }

    /// The bytes of values that lie outside the arena.
    public internal(set) var externalBytes: Int {
        get { unsafe state.pointee.externalBytes }
        nonmutating set { unsafe state.pointee.externalBytes = newValue }
    }

    /// The bytes in use: all blocks in the arena, and values outside it.
    public var usedBytes: Int { unsafe state.pointee.arena.liveBytes + externalBytes }

    /// By how many bytes `usedBytes` has changed since the last call.
    @inlinable
    func takeGrowth() -> Int {
        let used = unsafe state.pointee.arena.liveBytes &+ state.pointee.externalBytes
        let growth = unsafe used &- state.pointee.countedBytes
        if growth != 0 { unsafe state.pointee.countedBytes = used }
        return growth
    }

    /// The bytes of the arena's pages and of values outside it.
    public var pageBytes: Int { unsafe state.pointee.arena.pageBytes + externalBytes }

    /// The number of hashes with fields that have an expiry.
    public var volatileHashCount: Int { unsafe state.pointee.volatileHashCount }

    /// The number of large values freed in slices since the last call.
    public func takeFreedCount() -> Int {
        let count = unsafe state.pointee.freedCount
        if count > 0 { unsafe state.pointee.freedCount = 0 }
        return count
    }

    func countFreed() { unsafe state.pointee.freedCount += 1 }

    func countVolatileHashes(_ difference: Int) {
        unsafe state.pointee.volatileHashCount += difference
        assert(volatileHashCount >= 0, "each was counted when added")
    }

    // MARK: Finding

    /// The position of a key in the table.
    ///
    /// Valid until the next insertion or removal in the shard.
    @frozen
    public struct Slot {
        /// The shard.
        public let shard: Shard
        @usableFromInline let location: EntryTable.Location

        @inlinable
        init(_ shard: Shard, _ location: EntryTable.Location) {
            self.shard = shard
            self.location = location
        }

        /// The entry.
        @inlinable
        public var entry: Entry { location.entry }
    }

    /// The slot of `key`, expired or not, or nil.
    @inlinable
    public func find(_ key: Key) -> Slot? {
        let found = unsafe state.pointee.keys.find(key.bytes, key.hash, state.pointee.arena)
        guard let location = found else { return nil }
        return Slot(self, location)
    }

    /// Prefetches the bucket of `hash`.
    @inlinable
    public func prefetchBucket(_ hash: KeyHash) {
        unsafe state.pointee.keys.prefetchBucket(hash, state.pointee.arena)
    }

    /// Prefetches the entry of `hash`.
    @inlinable
    @inline(__always)
    public func prefetchEntry(_ hash: KeyHash) {
        unsafe state.pointee.keys.prefetchEntry(hash, state.pointee.arena)
    }

    // MARK: Changing

    /// Adds an entry for a key that is absent.
    ///
    /// Writes header and key; the caller writes `payload` bytes of value at the entry's
    /// `valueOffset`.
    @inlinable
    public func insert(
        _ key: Key,
        kind: EntryKind,
        encoding: UInt8,
        expiry: Int64?,
        payload: Int
    ) -> Slot {
        // In a cluster, the slot is in the upper bits, which tables do not use.
        assert(
            UInt32(truncatingIfNeeded: hash(key.bytes).bits ^ key.hash.bits) == 0,
            "the hash is the key's"
        )
        assert(find(key) == nil, "the key is absent")
        if _slowPath(hasNotices) {
            return insertHeedfully(key, kind, encoding, expiry, payload)
        }
        return add(key, kind, encoding, expiry, payload)
    }

    /// As `insert`, for a shard that is watched or whose keys have states.
    @inline(never)
    @usableFromInline
    func insertHeedfully(
        _ key: Key,
        _ kind: EntryKind,
        _ encoding: UInt8,
        _ expiry: Int64?,
        _ payload: Int
    ) -> Slot {
        willInsert(key.hash)
        let slot = add(key, kind, encoding, expiry, payload)
        if keepsStates { beginState(of: slot, key.hash) }
        return slot
    }

    @inlinable
    @inline(__always)
    func add(
        _ key: Key,
        _ kind: EntryKind,
        _ encoding: UInt8,
        _ expiry: Int64?,
        _ payload: Int
    ) -> Slot {
        let word = expiry.map { UInt64(bitPattern: $0) }
        let location = unsafe state.pointee.keys.insert(
            key.bytes,
            key.hash,
            kind: kind,
            encoding: encoding,
            word: word,
            payload: payload,
            &state.pointee.arena
        )
        unsafe state.pointee.keys.setStamp(location, freshStamp, state.pointee.arena)
        if let expiry { noteExpiry(expiry, location.bucket, isNew: true) }
        return Slot(self, location)
    }

    /// Gives the key at `slot` another expiry and space for another value, which the caller writes.
    ///
    /// The old value must have been discarded or moved.
    public func rebuild(
        _ slot: Slot,
        kind: EntryKind,
        encoding: UInt8,
        expiry: Int64?,
        payload: Int
    ) -> Slot {
        assert(slot.shard.isSame(as: self), "the slot is of this shard")
        willEdit(slot)
        if slot.entry.hasWord != (expiry != nil) { countVolatile(expiry != nil ? 1 : -1) }
        let location = unsafe state.pointee.keys.rebuild(
            slot.location,
            kind: kind,
            encoding: encoding,
            word: expiry.map { UInt64(bitPattern: $0) },
            payload: payload,
            &state.pointee.arena
        )
        if let expiry { noteExpiry(expiry, location.bucket, isNew: false) }
        return Slot(self, location)
    }

    /// Sets, changes or (nil) removes the expiry of the key at `slot` and keeps its value.
    @discardableResult
    public func setExpiry(_ slot: Slot, _ expiry: Int64?) -> Slot {
        guard slot.entry.hasWord || expiry != nil else { return slot }
        assert(slot.shard.isSame(as: self), "the slot is of this shard")
        willEdit(slot)
        if slot.entry.hasWord != (expiry != nil) { countVolatile(expiry != nil ? 1 : -1) }
        let location = unsafe state.pointee.keys.setWord(
            slot.location,
            expiry.map { UInt64(bitPattern: $0) },
            &state.pointee.arena
        )
        if let expiry { noteExpiry(expiry, location.bucket, isNew: false) }
        return Slot(self, location)
    }

    /// Removes the key at `slot` with its value; a large value is freed later, in slices.
    public func remove(_ slot: Slot) {
        discardValue(slot)
        removeKey(slot)
    }

    /// Removes the key at `slot`, whose value has been moved or discarded.
    func removeKey(_ slot: Slot) {
        assert(slot.shard.isSame(as: self), "the slot is of this shard")
        let before = count
        willEdit(slot)
        if slot.entry.hasWord { countVolatile(-1) }
        unsafe state.pointee.keys.removeEntry(slot.location, &state.pointee.arena)
        assert(count == before - 1 && volatileCount <= count, "one key is gone")
    }

    @inlinable
    func countVolatile(_ difference: Int) { unsafe state.pointee.volatileCount &+= difference }

    @inlinable
    func noteExpiry(_ expiry: Int64, _ bucket: UInt32, isNew: Bool) {
        if isNew { countVolatile(1) }
        unsafe state.pointee.keys.note(expiry: expiry, bucket, &state.pointee.arena)
    }

    // MARK: Walking

    /// Calls `body` with the slot of every key, including expired ones.
    ///
    /// `body` must not change the shard.
    public func forEach(_ body: (Slot) -> Void) {
        unsafe state.pointee.keys.forEach(state.pointee.arena) { body(Slot(self, $0)) }
    }

    /// Calls `body` with the next keys of a scan; returns the next cursor, zero at the end.
    public func scan(_ cursor: UInt64, _ body: (Slot) -> Void) -> UInt64 {
        unsafe state.pointee.keys.scan(cursor, state.pointee.arena) { body(Slot(self, $0)) }
    }

    /// A uniformly random key, or nil if there is none.
    public func random(_ source: inout FastRandom) -> Slot? {
        unsafe state.pointee.keys.random(state.pointee.arena, &source).map { Slot(self, $0) }
    }
}

extension Shard {
    /// The hash of a key, as this shard's tables use it.
    @inlinable
    public func hash(_ key: Bytes) -> KeyHash { arena.hasher(key) }
}
