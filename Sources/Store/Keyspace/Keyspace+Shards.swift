public import Structures

/// What a partition has besides its shards; guarded by the partition's lock.
@usableFromInline
struct Holdings {
    /// The pages of all its shards.
    let region: Region
    /// The access stamp of new keys.
    let freshStamp: SharedStamp
    /// The databases that have a shard in this partition, in order of creation.
    var databases: [UInt32] = []
    /// Whether the tables of new shards may add and remove buckets.
    var resizesTables = true
    /// Whether keys of new shards have states, which eviction goes by.
    var keepsStates = false
}

/// Creates shards on the first write, and removes whole shards.
extension Keyspace {
    /// Creates the shard of a database in an empty slot of the table of shards.
    @inline(never)
    @usableFromInline
    static func makeShard(
        _ place: UnsafeMutablePointer<Shard?>,
        _ holdings: UnsafeMutablePointer<Holdings>,
        _ database: Int
    ) -> Shard {
        // SAFETY: this is the partition's own memory, and the caller holds its lock.
        let (region, stamp) = unsafe (holdings.pointee.region, holdings.pointee.freshStamp)
        let shard = Shard(freshStamp: stamp, region: region)
        shard.resizesTables = unsafe holdings.pointee.resizesTables
        if unsafe holdings.pointee.keepsStates { shard.keepsStates = true }
        unsafe holdings.pointee.databases.append(UInt32(database))
        unsafe place.pointee = shard
        return shard
    }

    /// Calls `body` with every shard of a locked partition, and its database.
    public func forEachShard(inPartition partition: Int, _ body: (Shard, Int) -> Void) {
        // SAFETY: the caller holds the partition's lock.
        for database in unsafe holdings[partition].databases {
            let index = place(partition, Int(database))
            if let shard = shard(at: index) { body(shard, Int(database)) }
        }
    }

    /// Calls `body` with every shard of all partitions, which must be locked, and its database.
    public func forEachShard(_ body: (Shard, Int) -> Void) {
        for partition in 0..<partitionCount { forEachShard(inPartition: partition, body) }
    }

    /// The databases that have a shard, in ascending order.
    ///
    /// All partitions must be locked.
    public var usedDatabases: [Int] {
        var numbers: Set<Int> = []
        for partition in 0..<partitionCount {
            // SAFETY: the caller holds the partition's lock.
            for database in unsafe holdings[partition].databases { numbers.insert(Int(database)) }
        }
        return numbers.sorted()
    }

    /// Calls `body` with the shards of a database.
    ///
    /// All partitions must be locked.
    public func forEachShard(of database: Int, _ body: (Shard) -> Void) {
        for partition in 0..<partitionCount {
            if let shard = shard(at: place(partition, database)) { body(shard) }
        }
    }

    /// Removes the shards of a database, or of all, from a locked partition.
    ///
    /// Afterwards the partition is as if nothing had ever been written there. Returns the shards
    /// with their databases; the caller destroys them.
    public func takeShards(partition: Int, database: Int?) -> [(Int, Shard)] {
        let holding = unsafe holdings + partition
        var taken: [(Int, Shard)] = []
        // SAFETY: the caller holds the partition's lock.
        unsafe holding.pointee.databases.removeAll { number in
            guard database == nil || database == Int(number) else { return false }
            let index = place(partition, Int(number))
            guard let shard = shard(at: index) else { return true }
            unsafe shards[index] = empty
            taken.append((Int(number), shard))
            discountUse(of: shard, partition)
            return true
        }
        return taken
    }

    /// The shard in a slot of the table of shards; nil if there is none.
    func shard(at index: Int) -> Shard? {
        // SAFETY: the caller holds the partition's lock.
        guard let shard = unsafe shards[index], !shard.isSame(as: empty) else { return nil }
        return shard
    }

    /// Swaps two databases in a locked partition.
    public func swap(partition: Int, _ first: Int, _ second: Int) {
        let (one, other) = (place(partition, first), place(partition, second))
        let holding = unsafe holdings + partition
        let hadOne = shard(at: one) != nil
        let hadOther = shard(at: other) != nil
        swapAt(one, other)
        guard hadOne != hadOther else { return }
        let (gone, came) = hadOne ? (first, second) : (second, first)
        unsafe holding.pointee.databases.removeAll { $0 == UInt32(gone) }
        unsafe holding.pointee.databases.append(UInt32(came))
    }

    private func swapAt(_ one: Int, _ other: Int) {
        // SAFETY: as above.
        let shard = unsafe shards[one]
        unsafe shards[one] = shards[other] ?? empty
        unsafe shards[other] = shard ?? empty
    }

    /// Sets whether tables may add and remove buckets.
    ///
    /// All partitions must be locked.
    public func setTableResizing(_ isOn: Bool) {
        for partition in 0..<partitionCount {
            // SAFETY: the caller holds the partition's lock.
            unsafe holdings[partition].resizesTables = isOn
        }
        forEachShard { shard, _ in shard.resizesTables = isOn }
    }

    /// Turns the states of keys, which eviction goes by, on or off.
    ///
    /// All partitions must be locked.
    public func keepStates(_ isOn: Bool) {
        for partition in 0..<partitionCount {
            // SAFETY: the caller holds the partition's lock.
            unsafe holdings[partition].keepsStates = isOn
        }
        forEachShard { shard, _ in shard.keepsStates = isOn }
    }

    // MARK: Memory

    /// The address space reserved for keys, in bytes.
    public var capacity: Int {
        // SAFETY: the regions live as long as the keyspace and keep their size.
        (0..<partitionCount).reduce(0) { unsafe $0 + holdings[$1].region.capacity }
    }

    /// Whether a command may take `byteCount` bytes in a locked partition.
    ///
    /// The result allows for what the command needs in addition.
    public func hasRoom(for byteCount: Int, partition: Int, database: Int) -> Bool {
        let index = place(partition, database)
        if let shard = shard(at: index) { return shard.arena.hasRoom(for: byteCount) }
        // SAFETY: the caller holds the partition's lock.
        return unsafe holdings[partition].region.hasRoom(for: byteCount, slack: 0, of: 1)
    }

    /// Whether a locked partition has memory left for changes that add little.
    public func hasReserve(_ partition: Int) -> Bool {
        // SAFETY: the caller holds the partition's lock.
        unsafe holdings[partition].region.hasReserve
    }

    // MARK: Pages

    /// Prepares memory that partitions will soon need; called on a helper thread.
    public func prepareAhead() {
        // SAFETY: the regions live as long as the keyspace.
        for partition in 0..<partitionCount { unsafe holdings[partition].region.prepareAhead() }
    }

    /// Returns memory of a locked partition's free pages to the system.
    public func giveBackIdlePages(_ partition: Int) {
        // SAFETY: the caller holds the partition's lock.
        unsafe holdings[partition].region.giveBackIdlePages()
    }

    /// Adds the pages and blocks of a locked partition to `usage`.
    public func count(_ partition: Int, into usage: inout ArenaUsage) {
        // SAFETY: the caller holds the partition's lock.
        unsafe usage.add(holdings[partition].region)
        forEachShard(inPartition: partition) { shard, _ in shard.count(into: &usage) }
    }
}
