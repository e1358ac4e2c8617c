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

    /// Adds a client to those that watch `key` of a database, whether the key `exists` or not.
    ///
    /// The key's partition is locked.
    func watch(_ key: Key, _ database: Int, exists: Bool) -> WatchedKey {
        let partition = keyspace.partition(key.hash)
        keyspace.mark(partition, .watched, true)
        return tables[partition].watch(key.hash, database, exists: exists)
    }

    /// Records which keys a command touched; their partitions are locked.
    func noteChanges(_ effects: borrowing Effects) {
        for touch in effects.touches {
            if touch.isWholeDatabase {
                for table in tables { table.noteChange(database: touch.database) }
            } else {
                tables[keyspace.partition(touch.hash)].noteChange(touch.hash, touch.database)
            }
        }
    }

    /// Clears the unwatched places of a locked partition, and its mark if no place is left.
    func sweep(_ partition: Int) {
        guard keyspace.marks(of: partition).contains(.watched) else { return }
        tables[partition].sweep()
        if tables[partition].count == 0 { keyspace.mark(partition, .watched, false) }
    }

    // MARK: Counting

    /// The number of clients that watch keys.
    var clientCount: Int { clients.load(ordering: .relaxed) }

    /// Counts a client that starts to watch keys.
    func clientBegan() { clients.add(1, ordering: .relaxed) }

    /// Counts a client that no longer watches any key.
    func clientEnded() { clients.subtract(1, ordering: .relaxed) }

    /// The number of keys that are watched, or were until recently.
    var keyCount: Int { tables.reduce(0) { $0 + $1.count } }
}
