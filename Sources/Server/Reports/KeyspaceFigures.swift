internal import Commands
internal import Primitives
internal import Store
internal import Structures

/// The totals of the shards of one partition, or of all.
struct KeyspaceTotals {
    /// The totals of a database with keys.
    struct Database {
        let number: Int
        var keys = 0
        /// The numbers of keys with an expiry, and of hashes with fields that have one.
        var volatileKeys = 0
        var volatileHashes = 0
        /// The size of the tables of keys, and of their expiry hints, in bytes.
        var tables = 0
        var hints = 0
        /// The times to live, in milliseconds, of the sampled volatile keys.
        var lifetimes = Lifetimes()
    }

    /// A sum of times to live that cannot overflow, whatever clients choose.
    struct Lifetimes {
        private(set) var count: UInt64 = 0
        private var sum: UInt128 = 0

        /// The mean; 0 if there are none.
        var mean: UInt64 { count > 0 ? UInt64(clamping: sum / UInt128(count)) : 0 }

        /// Adds the time from `now` until `expiry`.
        mutating func add(until expiry: Int64, now: Int64) {
            sum += UInt128(max(0, expiry.subtractingSaturated(now)))
            count += 1
        }

        mutating func add(_ other: Lifetimes) {
            sum += other.sum
            count += other.count
        }
    }

    /// The databases with keys, in ascending order.
    private(set) var databases: [Database] = []
    /// The bytes of all keys and values, including their tables, and of the pages that hold them.
    private(set) var usedBytes = 0
    private(set) var pageBytes = 0
    /// The number of large values waiting to be freed.
    private(set) var remains = 0

    /// Adds a shard, whose partition is locked, of a database.
    ///
    /// Samples `sampleBuckets` of its buckets for times to live at `now`.
    mutating func add(_ shard: Shard, of number: Int, sampleBuckets: Int = 0, now: Int64 = 0) {
        usedBytes += shard.usedBytes
        pageBytes += shard.pageBytes
        remains += shard.remainCount
        guard shard.count > 0 else { return }
        let (tables, hints) = shard.tableByteCount
        add(
            Database(
                number: number,
                keys: shard.count,
                volatileKeys: shard.volatileCount,
                volatileHashes: shard.volatileHashCount,
                tables: tables,
                hints: hints,
                lifetimes: KeyspaceTotals.lifetimes(shard, buckets: sampleBuckets, now: now)
            )
        )
    }

    /// Adds the totals of another partition.
    mutating func add(_ other: KeyspaceTotals) {
        usedBytes += other.usedBytes
        pageBytes += other.pageBytes
        remains += other.remains
        for database in other.databases { add(database) }
    }

    private mutating func add(_ other: Database) {
        let place = place(of: other.number)
        guard place < databases.count, databases[place].number == other.number else {
            return databases.insert(other, at: place)
        }
        databases[place].keys += other.keys
        databases[place].volatileKeys += other.volatileKeys
        databases[place].volatileHashes += other.volatileHashes
        databases[place].tables += other.tables
        databases[place].hints += other.hints
        databases[place].lifetimes.add(other.lifetimes)
    }

    /// The index in the list at which a database is, or should be inserted.
    private func place(of number: Int) -> Int {
        // Most are added in ascending order.
        guard let last = databases.last, last.number >= number else { return databases.count }
        var lower = 0
        var upper = databases.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if databases[middle].number < number { lower = middle + 1 } else { upper = middle }
        }
        return lower
    }

    private static func lifetimes(_ shard: Shard, buckets: Int, now: Int64) -> Lifetimes {
        var lifetimes = Lifetimes()
        guard shard.volatileCount > 0 else { return lifetimes }
        var cursor: UInt64 = 0
        for _ in 0..<buckets {
            cursor = shard.scan(cursor) { slot in
                guard let expiry = slot.entry.expiry else { return }
                lifetimes.add(until: expiry, now: now)
            }
            if cursor == 0 { break }
        }
        return lifetimes
    }
}

/// The last known totals of every partition.
///
/// They are updated by the worker that maintains the partition, in each tick, and by reports.
final class KeyspaceFigures: Sendable {
    /// How long a report waits for locked partitions, in pause instructions: about a millisecond.
    ///
    /// For a partition that stays locked, it uses the last known totals.
    private static let patience = 64 * 256
    /// How many buckets of a database are sampled for times to live.
    private static let sampledBuckets = 64

    private let keyspace: Keyspace
    private let partitions: Locked<[KeyspaceTotals]>

    init(_ keyspace: Keyspace) {
        self.keyspace = keyspace
        partitions = Locked(Array(repeating: KeyspaceTotals(), count: keyspace.partitionCount))
    }

    /// Records the totals of a partition.
    func note(_ totals: KeyspaceTotals, partition: Int) {
        partitions.withLock { $0[partition] = totals }
    }

    /// The last known size of all keys and values, in bytes.
    var usedBytes: Int { partitions.withLock { $0.reduce(0) { $0 + $1.usedBytes } } }

    /// The sum of the last known totals, for any thread.
    var recorded: KeyspaceTotals {
        // Sum up a copy, so that workers do not have to wait.
        let known = partitions.withLock { $0 }
        return known.reduce(into: KeyspaceTotals()) { $0.add($1) }
    }

    /// Sums up all partitions, reading current totals of those that are not locked for long.
    ///
    /// Values freed since the last tick are added to the counters of `executor`, on whose thread
    /// this is called.
    func look(by executor: Executor) -> KeyspaceTotals {
        let now = executor.context.now
        var patience = KeyspaceFigures.patience
        let sampled = max(1, KeyspaceFigures.sampledBuckets / keyspace.partitionCount)
        var all = KeyspaceTotals()
        for partition in 0..<keyspace.partitionCount {
            var totals = KeyspaceTotals()
            let isSeen = keyspace.look(
                at: partition,
                held: executor.context.held,
                patience: &patience
            ) { shard, database in
                executor.statistics.takeCount(of: shard)
                totals.add(shard, of: database, sampleBuckets: sampled, now: now)
            }
            if isSeen {
                note(totals, partition: partition)
            } else {
                totals = partitions.withLock { $0[partition] }
            }
            all.add(totals)
        }
        return all
    }
}

extension WorkerStatistics {
    /// Collects the counts of what a shard, whose partition is locked, has freed.
    func takeCount(of shard: Shard) {
        add(.lazilyFreed, UInt64(shard.takeFreedCount()))
    }
}
