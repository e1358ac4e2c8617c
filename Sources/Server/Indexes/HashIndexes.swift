internal import Commands
internal import Primitives
internal import Store
internal import Synchronization

/// The indexes over hashes.
///
/// ```text
/// HINDEX CREATE ─▶ add ─▶ restart ─▶ buildSome, in every tick ─▶ complete
///                            ▲          take, with every change ─▶ stays exact
///        all keys change at once (FLUSHDB, SWAPDB, loading)
/// ```
/// The list changes only while the world is stopped. What hashes hold is taken in where all changes
/// pass (`Settlement`), with the locks of their keys held, so an index is exact at any time.
final class HashIndexes: @unchecked Sendable {  // because: changed only in a stopped world
    /// How many there may be.
    static let countMax = 64

    private let keyspace: Keyspace
    private let reaper: Reaper
    private(set) var list: [HashIndex] = []
    /// The number of parts that are not complete; any thread may ask.
    private let unfinished = Atomic<Int>(0)

    init(_ keyspace: Keyspace, _ reaper: Reaper) {
        self.keyspace = keyspace
        self.reaper = reaper
    }

    /// The index named `name`, or nil.
    func find(_ name: Bytes) -> HashIndex? {
        list.first { $0.definition.name.withBytes { $0 == name } }
    }

    /// The memory that all of them take, in bytes.
    var byteCount: Int { list.reduce(0) { $0 + $1.byteCount } }

    /// Which keys they cover.
    var coverage: IndexedPrefixes {
        var covered = IndexedPrefixes()
        for index in list {
            for prefix in index.definition.prefixes { covered.add(prefix, of: index.database) }
        }
        return covered
    }

    // MARK: Changing

    /// Adds an index; it is built in the background.
    ///
    /// The world must be stopped.
    func add(_ index: HashIndex) {
        list.append(index)
        restart(index)
    }

    /// Removes an index.
    ///
    /// The world must be stopped.
    func remove(_ index: HashIndex) {
        list.removeAll { $0 === index }
        for part in index.parts {
            if part.cursor != nil { unfinished.subtract(1, ordering: .relaxed) }
            reaper.free(part.reset())
        }
    }

    /// Takes in what a command changed; the partitions of the keys are locked.
    func take(_ effects: borrowing Effects) {
        for touch in effects.touches {
            if touch.isWholeDatabase {
                rebuild(touch.database)
                continue
            }
            let bytes = effects.key(touch)
            guard effects.indexed.cover(bytes, of: touch.database) else { continue }
            let partition = keyspace.partition(touch.hash)
            for index in list where index.includes(key: bytes, of: touch.database) {
                // The scan has yet to come by.
                guard index.parts[partition].cursor != 0 else { continue }
                let key = Key(bytes, touch.hash)
                let slot = keyspace.shard(touch.hash, database: touch.database).find(key)
                index.update(key, slot, partition: partition)
            }
        }
    }

    /// Builds the indexes of a database, or of all for nil, anew.
    ///
    /// All partitions must be locked.
    func rebuild(_ database: Int?) {
        for index in list where database == nil || index.database == database { restart(index) }
    }

    private func restart(_ index: HashIndex) {
        for (partition, part) in index.parts.enumerated() {
            if part.cursor != nil { unfinished.subtract(1, ordering: .relaxed) }
            if part.count > 0 { reaper.free(part.reset()) }
            part.cursor = index.shard(partition, keyspace) == nil ? nil : 0
            if part.cursor != nil { unfinished.add(1, ordering: .relaxed) }
        }
    }

    // MARK: Building

    /// Whether any index is being built.
    var isBuilding: Bool { unfinished.load(ordering: .relaxed) > 0 }

    /// Indexes some more keys of a partition, which is locked.
    func buildSome(_ partition: Int, _ budget: inout Int) {
        for index in list where index.parts[partition].cursor != nil && budget > 0 {
            if index.buildSome(partition, keyspace, &budget) {
                unfinished.subtract(1, ordering: .relaxed)
            }
        }
    }
}
