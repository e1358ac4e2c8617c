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

    /// Whether blocked requests of some partitions, which are locked, will go on being served in
    /// another round.
    func havePutOff(in partitions: PartitionSet) -> Bool {
        var isFound = false
        partitions.forEach { if tables[$0].putOffCount > 0 { isFound = true } }
        return isFound
    }

    /// The number of keys with blocked requests.
    var keyCount: UInt64 { tables.reduce(0) { $0 &+ $1.keyCount.value } }

    /// The number of keys with requests that fail when the key is deleted.
    var endingKeyCount: UInt64 { tables.reduce(0) { $0 &+ $1.endingKeyCount.value } }
}
