internal import Primitives

/// The keys of a partition that clients cache, in any database, and the clients that cache them.
///
/// Guarded by the partition's lock.
final class TrackedKeys: @unchecked Sendable {  // because: see above
    private static let tableCount = 64

    /// Several tables, selected by the hash's low bits, so that none takes long to grow.
    private var tables = [NameTable<TrackerSet>](
        repeating: NameTable(),
        count: TrackedKeys.tableCount
    )
    /// The number of keys, and the total number of clients of all of them.
    private(set) var count = 0
    private(set) var itemCount = 0

    private func table(_ hash: KeyHash) -> Int {
        Int(truncatingIfNeeded: hash.bits) & (TrackedKeys.tableCount - 1)
    }

    /// Records that a client caches a key.
    func insert(_ key: Bytes, _ hash: KeyHash, _ tracker: Tracker) {
        let table = table(hash)
        if let place = tables[table].find(key, hash.bits) {
            if tables[table][place].insert(tracker) { itemCount += 1 }
            return
        }
        var trackers = TrackerSet()
        _ = trackers.insert(tracker)
        tables[table].insert(key.array, hash.bits, trackers)
        count += 1
        itemCount += 1
    }

    /// Forgets a key; returns the clients that cache it.
    func remove(_ key: Bytes, _ hash: KeyHash) -> [Tracker] {
        let table = table(hash)
        guard let place = tables[table].find(key, hash.bits) else { return [] }
        return remove(table, place)
    }

    private func remove(_ table: Int, _ place: Int) -> [Tracker] {
        let trackers = tables[table].remove(at: place).list
        count -= 1
        itemCount -= trackers.count
        return trackers
    }

    /// Forgets some key; returns it, and the clients that cache it.
    func removeAny(_ random: UInt64) -> (key: [UInt8], trackers: [Tracker])? {
        guard count > 0 else { return nil }
        var table = Int(truncatingIfNeeded: random) & (TrackedKeys.tableCount - 1)
        while true {
            if let place = tables[table].anyPlace(from: random >> 6) {
                let key = tables[table].name(at: place)
                return (key, remove(table, place))
            }
            table = (table + 1) & (TrackedKeys.tableCount - 1)
        }
    }

    /// Forgets all keys.
    func removeAll() {
        tables = [NameTable<TrackerSet>](repeating: NameTable(), count: TrackedKeys.tableCount)
        count = 0
        itemCount = 0
    }
}
