import Primitives
import Structures
import Testing

@testable import Store

@Suite struct KeyspaceTests {
    private static func set(_ name: String, _ database: Int, _ keyspace: Keyspace) {
        Array(name.utf8).withBytes { bytes in
            let key = Key(bytes, keyspace.hasher(bytes))
            StringValue.set(
                key,
                .bytes(bytes),
                expiry: nil,
                at: nil,
                in: keyspace.openShard(key.hash, database: database)
            )
        }
    }

    private static func holds(_ name: String, _ database: Int, _ keyspace: Keyspace) -> Bool {
        Array(name.utf8).withBytes { bytes in
            let key = Key(bytes, keyspace.hasher(bytes))
            return keyspace.shard(key.hash, database: database).find(key) != nil
        }
    }

    @Test(arguments: [1, 4])
    func `a database has no shard before the first write`(workers: Int) {
        let keyspace = Keyspace(databases: 2_147_483_647, workers: workers)
        for database in [0, 7, 2_147_483_646] { keyspace.openDatabase(database) }
        #expect(keyspace.usedDatabases == [] && !Self.holds("a", 7, keyspace))
        Self.set("a", 7, keyspace)
        Self.set("b", 2_147_483_646, keyspace)
        #expect(Self.holds("a", 7, keyspace) && !Self.holds("a", 0, keyspace))
        #expect(keyspace.usedDatabases == [7, 2_147_483_646])
        var databases: [Int] = []
        keyspace.forEachShard { shard, database in
            #expect(shard.count == 1)
            databases.append(database)
        }
        #expect(databases.sorted() == [7, 2_147_483_646])
    }

    @Test(arguments: [1, 4])
    func `databases are swapped, with or without shards`(workers: Int) {
        let keyspace = Keyspace(databases: 4, workers: workers)
        for database in 0..<2 { keyspace.openDatabase(database) }
        for index in 0..<100 { Self.set("k\(index)", 0, keyspace) }
        Self.set("other", 1, keyspace)
        func swap(_ first: Int, _ second: Int) {
            for partition in 0..<keyspace.partitionCount {
                keyspace.swap(partition: partition, first, second)
            }
        }
        swap(0, 1)
        #expect(Self.holds("k3", 1, keyspace) && Self.holds("other", 0, keyspace))
        swap(1, 3)
        #expect(Self.holds("k3", 3, keyspace) && !Self.holds("k3", 1, keyspace))
        #expect(keyspace.usedDatabases == [0, 3])
        var count = 0
        keyspace.forEachShard(of: 3) { count += $0.count }
        #expect(count == 100)
    }

    @Test(arguments: [1, 4])
    func `shards that are removed leave nothing behind`(workers: Int) {
        let keyspace = Keyspace(databases: 3, workers: workers)
        keyspace.setTableResizing(false)
        for database in 0..<3 {
            keyspace.openDatabase(database)
            for index in 0..<50 { Self.set("k\(index)", database, keyspace) }
        }
        func take(_ database: Int?) {
            for partition in 0..<keyspace.partitionCount {
                for (_, shard) in keyspace.takeShards(partition: partition, database: database) {
                    shard.destroy()
                }
            }
        }
        take(1)
        #expect(keyspace.usedDatabases == [0, 2] && !Self.holds("k1", 1, keyspace))
        take(nil)
        #expect(keyspace.usedDatabases == [])
        Self.set("k1", 1, keyspace)
        keyspace.forEachShard { shard, _ in #expect(!shard.resizesTables) }
    }

    @Test func `a partition that is short of room is marked, and has room again once flushed`() {
        let keyspace = Keyspace(
            databases: 2,
            workers: 1,
            plan: KeyspacePlan(partitionCount: 1, regionBytes: 16 << 20)
        )
        #expect(
            keyspace.isMarked(0) && keyspace.isTight(keyspace.allPartitions)
                && !keyspace.hasFrozen(0)
        )
        for _ in 0..<3 {
            var count = 0
            while keyspace.hasRoom(for: 5000, partition: 0, database: 0) {
                Self.set("key \(count) " + String(repeating: "v", count: 2000), 0, keyspace)
                count += 1
            }
            #expect(count > 2000 && keyspace.hasReserve(0))
            for (_, shard) in keyspace.takeShards(partition: 0, database: nil) { shard.destroy() }
        }
        let roomy = Keyspace(databases: 2, workers: 2)
        #expect(!roomy.isMarked(0) && roomy.hasRoom(for: 1 << 30, partition: 5, database: 1))
    }

    @Test func `in a cluster, a slot's keys are in one partition, found by hash`() {
        let keyspace = Keyspace(
            databases: 1,
            workers: 1,
            plan: KeyspacePlan(workers: 1, machineBytes: 0, usesSlots: true)
        )
        #expect(keyspace.partitionCount == 64)
        for index in 0..<2000 { Self.set("{user\(index % 50)}:\(index)", 0, keyspace) }
        let slot = Array("user7".utf8).withBytes { HashSlot(of: $0) }
        var found = 0
        keyspace.forEachShard(inPartition: Int(slot.number) >> 8) { shard, _ in
            shard.forEach { if keyspace.hasher($0.entry.key).slot == slot { found += 1 } }
        }
        #expect(found == 40)
        for index in 0..<2000 { #expect(Self.holds("{user\(index % 50)}:\(index)", 0, keyspace)) }
    }
}
