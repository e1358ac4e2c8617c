internal import Commands
internal import Primitives
internal import Store

/// The keys that a client watches, and their state when it started to watch them.
///
/// A key that changes gets another version. Whether a key has expired, or has come with a swapped
/// database, is found out by looking it up (`hasChanges`).
final class WatchList {
    /// A key and its state.
    private struct Watched {
        let key: WatchedKey
        let version: UInt64
        let existed: Bool
        let database: Int
        let hash: KeyHash
        /// The range of the key's bytes.
        let bytes: Range<Int>
    }

    private let tables: WatchTables
    private var watched: [Watched] = []
    /// The places of watched keys; used only if there are more than a few.
    private var places: Set<UInt64> = []
    private static let comparedMax = 8
    private var keys = ByteBuffer()
    /// The partitions of the keys.
    private(set) var partitions: PartitionSet = []

    init(_ tables: WatchTables) {
        self.tables = tables
        tables.clientBegan()
    }

    deinit {
        for each in watched { each.key.release() }
        tables.clientEnded()
    }

    /// The number of keys.
    var count: Int { watched.count }

    /// The approximate number of bytes used, including its share of the tables.
    var byteCount: Int { keys.capacity + watched.count * WatchList.bytesPerKey }
    private static let bytesPerKey = 200

    /// Watches `key` of a database, whether it `exists` or not; its partition is locked.
    func watch(_ key: Key, _ database: Int, _ partition: Int, exists: Bool) {
        guard isNew(key.hash, database) else { return }
        let start = keys.count
        keys.append(key.bytes)
        let place = tables.watch(key, database, exists: exists)
        watched.append(
            Watched(
                key: place,
                version: place.version,
                existed: exists,
                database: database,
                hash: key.hash,
                bytes: start..<keys.count
            )
        )
        partitions.insert(PartitionSet(partition: partition))
    }

    /// Whether a key is not yet watched; from now on, it is.
    private func isNew(_ hash: KeyHash, _ database: Int) -> Bool {
        guard watched.count >= WatchList.comparedMax else {
            return !watched.contains { $0.hash.bits == hash.bits && $0.database == database }
        }
        if places.isEmpty {
            places = Set(watched.map { WatchTable.place($0.hash, $0.database) })
        }
        return places.insert(WatchTable.place(hash, database)).inserted
    }

    /// Whether a key is known to have changed; callable from any thread.
    var isOutdated: Bool { watched.contains { $0.key.version != $0.version } }

    /// Whether a key has changed, expired or been swapped in or out; all partitions are locked.
    func hasChanges(_ context: inout CommandContext) -> Bool {
        guard !isOutdated else { return true }
        for each in watched {
            let key = Key(keys.bytes[each.bytes], each.hash)
            let exists = context.peek(key, in: each.database) != nil
            if exists != each.existed { return true }
        }
        return false
    }
}
