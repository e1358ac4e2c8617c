internal import Primitives
internal import Store
internal import Synchronization

/// A key of a database that clients watch until they run a transaction (WATCH).
///
/// What is not said to need the lock of the key's partition may be read, and `release` be called,
/// at any time.
final class WatchedKey: @unchecked Sendable {  // because: `exists` is the partition's lock's
    private let changes = Atomic<UInt64>(0)
    private let watchers = Atomic<Int>(0)
    /// Lives as long as the process.
    private unowned let table: WatchTable
    fileprivate let database: Int
    /// Whether the key was there when a client began to watch it last, and has not changed since.
    ///
    /// Under the lock.
    fileprivate var exists = false

    fileprivate init(_ table: WatchTable, database: Int) {
        self.table = table
        self.database = database
    }

    /// The number of changes since the first client watched the key.
    var version: UInt64 { changes.load(ordering: .relaxed) }

    /// Whether any client watches it.
    var isWatched: Bool { watchers.load(ordering: .acquiring) > 0 }

    /// Counts a watching client; under the lock.
    fileprivate func retain(exists: Bool) {
        watchers.add(1, ordering: .relaxed)
        if exists { self.exists = true }
    }

    /// Notes a change; under the lock.
    fileprivate func noteChange() {
        changes.add(1, ordering: .relaxed)
        exists = false
    }

    /// A client that watched it does so no more.
    func release() {
        if watchers.subtract(1, ordering: .releasing).newValue == 0 { table.noteRelease() }
    }
}

/// The watched keys of one partition, by their hashes and databases; the partition's lock guards
/// it.
///
/// Keys are not kept: two whose hashes are equal share a place, and a change of one counts as a
/// change of both. That makes a transaction fail that need not, about never.
///
/// Clients come under the lock and leave without it, as they may at any time and must not wait.
/// Places that nobody watches any more are cleared with the next change or the next tick.
///
/// ## Invariants
/// A key that a client watches has its place here as long as the client holds it.
final class WatchTable: @unchecked Sendable {  // because: its partition's lock guards it
    private var keys: [UInt64: WatchedKey] = [:] {
        didSet { places.set(UInt64(keys.count)) }
    }
    private let places = Counter()
    /// Whether there may be places that nobody watches.
    private let hasReleased = Atomic<Bool>(false)

    /// The number of places; any thread may ask.
    var count: Int { Int(places.value) }

    /// The place of a key with a hash in a database.
    static func place(_ hash: KeyHash, _ database: Int) -> UInt64 {
        hash.bits ^ UInt64(truncatingIfNeeded: database) &* 0x9E37_79B9_7F4A_7C15
    }

    /// Adds a client to those that watch a key, which is there or not.
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

    /// Notes that a key changed.
    func noteChange(_ hash: KeyHash, _ database: Int) {
        let place = WatchTable.place(hash, database)
        guard let key = keys[place] else { return }
        if key.isWatched { key.noteChange() } else { keys[place] = nil }
    }

    /// Notes that all keys of a database changed that were there.
    ///
    /// One that was not there has changed only if it is there now; its clients see to that.
    func noteChange(database: Int) {
        for key in keys.values where key.database == database && key.exists { key.noteChange() }
    }

    /// Notes that nobody watches a key any more.
    fileprivate func noteRelease() { hasReleased.store(true, ordering: .releasing) }

    /// Clears the places that nobody watches.
    func sweep() {
        guard hasReleased.exchange(false, ordering: .acquiring) else { return }
        keys = keys.filter { $0.value.isWatched }
    }
}
