internal import Commands
internal import Primitives
internal import Store
internal import Structures

/// An index over the hashes of a database whose keys begin with certain prefixes.
///
/// What is not said to need a lock does not change.
final class HashIndex: Sendable {
    let definition: HashIndexDefinition
    let database: Int
    /// One per partition, guarded by its lock.
    let parts: [HashIndexPart]

    init(_ definition: HashIndexDefinition, database: Int, _ keyspace: Keyspace) {
        self.definition = definition
        self.database = database
        let count = keyspace.partitionCount
        parts = (0..<count).map { _ in
            HashIndexPart(keyspace.hasher, fields: definition.fields, partCount: count)
        }
    }

    /// Whether a field is indexed.
    func includes(field: Bytes) -> Bool {
        let fields = definition.fields
        return fields.isEmpty || fields.contains { $0.withBytes { $0 == field } }
    }

    /// Whether a key of a database is indexed, if it is a hash.
    func includes(key: Bytes, of database: Int) -> Bool {
        guard database == self.database else { return false }
        return definition.prefixes.contains { prefix in
            prefix.count <= key.count && prefix.withBytes { $0 == key[0..<prefix.count] }
        }
    }

    /// Notes what a key holds now; its partition is locked.
    func update(_ key: Key, _ slot: Shard.Slot?, partition: Int) {
        let hash = slot.flatMap { $0.entry.isKind(.hash) ? HashValue($0) : nil }
        parts[partition].update(key, hash)
    }

    /// The keys of a partition, which is locked; nil if there are none.
    func shard(_ partition: Int, _ keyspace: Keyspace) -> Shard? {
        var found: Shard?
        keyspace.forEachShard(inPartition: partition) { shard, number in
            if number == database, shard.count > 0 { found = shard }
        }
        return found
    }

    /// Indexes some more keys of a partition, which is locked; returns whether it is complete.
    func buildSome(_ partition: Int, _ keyspace: Keyspace, _ budget: inout Int) -> Bool {
        let part = parts[partition]
        guard var cursor = part.cursor else { return true }
        guard let shard = shard(partition, keyspace) else {
            part.cursor = nil
            return true
        }
        while budget > 0 {
            cursor = shard.scan(cursor) { slot in
                let key = slot.entry.key
                budget -= 1
                guard slot.entry.isKind(.hash), includes(key: key, of: database) else { return }
                budget -= min(HashValue(slot).count, HashTerms.fieldsMax) / 4
                update(Key(key, shard.hash(key)), slot, partition: partition)
            }
            part.cursor = cursor
            guard cursor != 0 else {
                part.cursor = nil
                return true
            }
        }
        return false
    }

    /// Whether all keys have been indexed; all partitions are locked.
    var isComplete: Bool { parts.allSatisfy { $0.cursor == nil } }

    /// The memory it takes, in bytes.
    var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }
}
