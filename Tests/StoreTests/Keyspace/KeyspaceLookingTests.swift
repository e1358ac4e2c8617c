import Primitives
import Testing

@testable import Store

@Suite struct KeyspaceLookingTests {
    private static func makeShard(_ partition: Int, _ database: Int, _ keyspace: Keyspace) {
        let hash = KeyHash(bits: UInt64(partition) << 58)
        _ = keyspace.openShard(hash, database: database)
    }

    @Test(arguments: [1, 2]) func `a look visits every shard once`(workers: Int) {
        let keyspace = Keyspace(databases: 5, workers: workers)
        for partition in 0..<keyspace.partitionCount {
            for database in [3, 1] {
                Self.makeShard(partition, database, keyspace)
            }
            var patience = 3
            var databases: [Int] = []
            let isSeen = keyspace.look(at: partition, held: [], patience: &patience) {
                databases.append($1)
            }
            #expect(isSeen && databases.sorted() == [1, 3] && patience == 3)
        }
    }

    @Test func `reading a partition with its lock held does not wait for it`() {
        let keyspace = Keyspace(databases: 1, workers: 2)
        Self.makeShard(7, 0, keyspace)
        var patience = 0
        var count = 0
        keyspace.lock(7)
        let held = PartitionSet(partition: 7)
        #expect(keyspace.look(at: 7, held: held, patience: &patience) { _, _ in count += 1 })
        #expect(count == 1 && !keyspace.tryLock(7))
        keyspace.unlock(7)
    }

    @Test func `reading a locked partition gives up when its patience runs out`() {
        let keyspace = Keyspace(databases: 1, workers: 2)
        var patience = 100
        keyspace.lock(7)
        #expect(
            !keyspace.look(at: 7, held: [], patience: &patience) { _, _ in Issue.record("locked") }
        )
        #expect(patience == 0)
        keyspace.unlock(7)
        #expect(keyspace.look(at: 7, held: [], patience: &patience) { _, _ in })
        // The first look has released the lock.
        #expect(keyspace.look(at: 7, held: [], patience: &patience) { _, _ in })
    }
}
