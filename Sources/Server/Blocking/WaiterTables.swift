internal import Primitives
internal import Store

/// All blocked requests by key: a table for each partition.
struct WaiterTables: Sendable {
    private let tables: [WaiterTable]

    init(_ keyspace: Keyspace) {
        tables = (0..<keyspace.partitionCount).map { WaiterTable(keyspace, partition: $0) }
    }

    /// The table of a partition, guarded by the partition's lock.
    subscript(partition: Int) -> WaiterTable { tables[partition] }

    /// The number of keys with blocked requests.
    var keyCount: UInt64 { tables.reduce(0) { $0 &+ $1.keyCount.value } }

    /// The number of keys with requests that fail when the key is deleted.
    var endingKeyCount: UInt64 { tables.reduce(0) { $0 &+ $1.endingKeyCount.value } }
}
