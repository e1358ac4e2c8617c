internal import Primitives
internal import Store
internal import Synchronization

/// A key of a database that clients watch until they run a transaction (WATCH).
///
/// Members may be used at any time, and by any thread, unless they are documented to need the lock
/// of the key's partition.
final class WatchedKey: @unchecked Sendable {  // because: `exists` is the partition's lock's
    private let changes = Atomic<UInt64>(0)
    private let watchers = Atomic<Int>(0)
    /// Lives as long as the process.
    private unowned let table: WatchTable
    fileprivate let database: Int
    /// Whether the key existed when a client last started to watch it, and has not changed since.
    ///
    /// Guarded by the lock.
    fileprivate var exists = false

    fileprivate init(_ table: WatchTable, database: Int) {
        self.table = table
        self.database = database
    }

    /// The number of changes since the first client watched the key.
    var version: UInt64 { changes.load(ordering: .relaxed) }

    /// Whether any client watches it.
    var isWatched: Bool { watchers.load(ordering: .acquiring) > 0 }

    /// Counts a client that watches the key; called with the lock held.
    fileprivate func retain(exists: Bool) {
        watchers.add(1, ordering: .relaxed)
        if exists { self.exists = true }
    }

    /// Records a change; called with the lock held.
    fileprivate func noteChange() {
        changes.add(1, ordering: .relaxed)
        exists = false
    }

    /// Counts a client that no longer watches the key.
    func release() {
        if watchers.subtract(1, ordering: .releasing).newValue == 0 { table.noteRelease() }
    }
}

/// The watched keys of one partition, by hash and database; guarded by the partition's lock.
///
/// The keys themselves are not stored: two with equal hashes share a place, and a change of one
/// counts as a change of both. Transactions that fail needlessly for this reason are extremely
/// rare.
///
/// Clients are added with the lock held, and removed without it, as they may leave at any time and
/// must not wait. Places that nobody watches any more are cleared by the next change or tick.
///
/// ## Invariants
/// A key has a place for as long as a client watches it.
final class WatchTable: @unchecked Sendable {  // because: its partition's lock guards it
    private var keys: [UInt64: WatchedKey] = [:] {
        didSet { places.set(UInt64(keys.count)) }
    }
    private let places = Counter()
    /// Whether there may be places that nobody watches.
    private let hasReleased = Atomic<Bool>(false)

    /// The number of places; readable by any thread.
    var count: Int { Int(places.value) }

    /// The place of a key with the given hash in a database.
    static func place(_ hash: KeyHash, _ database: Int) -> UInt64 {
        hash.bits ^ UInt64(truncatingIfNeeded: database) &* 0x9E37_79B9_7F4A_7C15
    }

    /// Adds a client to those that watch a key, whether the key `exists` or not.
    func watch(_ hash: KeyHash, _ database: Int, exists: Bool) -> WatchedKey {
        let place = WatchTable.place(hash, database)
        if let key = keys[place] {
            key.retain(exists: exists)
            return key
        }
        let key = WatchedKey(self, database: database)
        key.retain(exists: exists)
        keys[place] = key
        return key
    }

    /// Records that a key changed.
    func noteChange(_ hash: KeyHash, _ database: Int) {
        let place = WatchTable.place(hash, database)
        guard let key = keys[place] else { return }
        if key.isWatched { key.noteChange() } else { keys[place] = nil }
    }

    /// Records that all existing keys of a database changed.
    ///
    /// A key that did not exist has changed only if it exists now; its clients check that.
    func noteChange(database: Int) {
        for key in keys.values where key.database == database && key.exists { key.noteChange() }
    }

    /// Records that a key is no longer watched.
    fileprivate func noteRelease() { hasReleased.store(true, ordering: .releasing) }

    /// Clears places that nobody watches.
    func sweep() {
        guard hasReleased.exchange(false, ordering: .acquiring) else { return }
        keys = keys.filter { $0.value.isWatched }
    }
}
