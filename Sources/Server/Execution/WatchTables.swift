internal import Commands
internal import Store
internal import Synchronization

/// The watched keys of all partitions.
final class WatchTables: Sendable {
    private let keyspace: Keyspace
    private let tables: [WatchTable]
    private let clients = Atomic<Int>(0)

    init(_ keyspace: Keyspace) {
        self.keyspace = keyspace
        tables = (0..<keyspace.partitionCount).map { _ in WatchTable() }
    }

    /// Adds a client to those that watch `key` of a database, which is there or not.
    ///
    /// The key's partition is locked.
    func watch(_ key: Key, _ database: Int, exists: Bool) -> WatchedKey {
        let partition = keyspace.partition(key.hash)
        keyspace.mark(partition, .watched, true)
        return tables[partition].watch(key.hash, database, exists: exists)
    }

    /// Notes which keys a command touched; their partitions are locked.
    func noteChanges(_ effects: borrowing Effects) {
        for touch in effects.touches {
            if touch.isWholeDatabase {
                for table in tables { table.noteChange(database: touch.database) }
            } else {
                tables[keyspace.partition(touch.hash)].noteChange(touch.hash, touch.database)
            }
        }
    }

    /// Clears what nobody watches any more in a partition, which is locked, and its mark with the
    /// last place.
    func sweep(_ partition: Int) {
        guard keyspace.marks(of: partition).contains(.watched) else { return }
        tables[partition].sweep()
        if tables[partition].count == 0 { keyspace.mark(partition, .watched, false) }
    }

    // MARK: Counting

    /// The number of clients that watch keys.
    var clientCount: Int { clients.load(ordering: .relaxed) }

    /// Counts a client that begins to watch keys.
    func clientBegan() { clients.add(1, ordering: .relaxed) }

    /// Counts a client that watches no key any more.
    func clientEnded() { clients.subtract(1, ordering: .relaxed) }

    /// The number of keys that are watched, or were a moment ago.
    var keyCount: Int { tables.reduce(0) { $0 + $1.count } }
}
