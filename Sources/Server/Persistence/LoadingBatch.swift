internal import Commands
internal import Persistence
internal import Primitives
internal import Store
internal import Structures

/// Keys of one partition of a snapshot that is loaded, which were found but not read yet.
final class LoadingBatch: @unchecked Sendable {  // because: handed over, never shared
    /// A key, and where its value is.
    private struct Item {
        let hash: KeyHash
        /// Where its name begins in `names`, and its length.
        let nameStart: Int
        let nameCount: Int
        /// The offset of its value.
        let position: Int
        let database: Int
        let type: UInt8
        let frequency: UInt8?
        let idleSeconds: Int64?
        let expiry: Int64?
        /// What memcached keeps besides its value.
        let item: ItemHead?
    }

    /// How many keys are loaded at once.
    static let itemsMax = 128
    /// The size of the values from which on a batch is full.
    private static let bytesMax = 256 << 10
    /// How far ahead of a key its bucket is fetched.
    private static let ahead = 12

    let partition: Int
    /// About how many keys a shard of each database will have; 0 if unknown.
    var shardSizes: [Int] = []
    private var items: [Item] = []
    private var names = ByteBuffer()
    private var byteCount = 0

    init(partition: Int) {
        self.partition = partition
        items.reserveCapacity(LoadingBatch.itemsMax)
    }

    /// The number of keys.
    var count: Int { items.count }

    /// Whether it should be loaded now.
    var isFull: Bool {
        items.count >= LoadingBatch.itemsMax || byteCount >= LoadingBatch.bytesMax
    }

    /// Adds a key whose value of `byteCount` bytes is at the offset `position`.
    func add(_ record: RDBFile.Record, _ hash: KeyHash, at position: Int, byteCount: Int) {
        items.append(
            Item(
                hash: hash,
                nameStart: names.count,
                nameCount: record.key.count,
                position: position,
                database: record.database,
                type: record.type,
                frequency: record.frequency,
                idleSeconds: record.idleSeconds,
                expiry: record.expiry,
                item: record.item
            )
        )
        names.append(record.key)
        self.byteCount += byteCount
    }

    /// Reads all values with `reader` and adds the keys, whose partition is locked.
    func load(
        _ loader: SnapshotLoader,
        _ reader: inout RDBReader
    ) throws(SnapshotLoader.Failure) {
        for index in 0..<min(LoadingBatch.ahead, items.count) { prefetch(index, loader) }
        for index in items.indices {
            prefetch(index + LoadingBatch.ahead, loader)
            try add(items[index], loader, &reader)
        }
    }

    private func prefetch(_ index: Int, _ loader: SnapshotLoader) {
        guard index < items.count else { return }
        let item = items[index]
        loader.keyspace.openShard(item.hash, inAny: item.database).prefetchBucket(item.hash)
    }

    private func add(
        _ item: Item,
        _ loader: SnapshotLoader,
        _ reader: inout RDBReader
    ) throws(SnapshotLoader.Failure) {
        let name = names.bytes[item.nameStart..<item.nameStart + item.nameCount]
        let key = Key(name, item.hash)
        let shard = loader.keyspace.openShard(item.hash, inAny: item.database)
        if shard.count == 0 { shard.reserve(shardSizes[item.database]) }
        if let old = shard.find(key) {
            guard loader.merges else { throw .duplicate(offset: item.position) }
            shard.remove(old)
        }
        reader.seek(to: item.position)
        do throws(RDBFailure) {
            let target = RDBReader.Target(
                shard,
                loader.limits.encoding,
                now: loader.now
            )
            try reader.value(ofType: item.type, as: key, target)
        } catch {
            throw .format(error)
        }
        guard
            item.expiry != nil || item.idleSeconds != nil || item.frequency != nil
                || item.item != nil
        else { return }
        guard let slot = shard.find(key) else { preconditionFailure("just added") }
        var place = shard.setExpiry(slot, item.expiry)
        if let head = item.item, place.entry.isKind(.string) {
            place = StringValue.setHead(place, head, in: shard)
        }
        let clock = loader.clock
        if let idle = item.idleSeconds, !clock.countsUses {
            shard.setStamp(place, AccessStamp(idleSeconds: idle, at: clock.second))
        } else if let count = item.frequency, clock.countsUses {
            shard.setStamp(place, clock.stamp(frequency: count))
        }
    }
}
