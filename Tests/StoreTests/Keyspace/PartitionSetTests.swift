import Testing

@testable import Store

@Suite struct PartitionSetTests {
    @Test func `partitions come in ascending order`() {
        let set: PartitionSet = [
            PartitionSet(partition: 63), PartitionSet(partition: 0), PartitionSet(partition: 17),
        ]
        var met: [Int] = []
        set.forEach { met.append($0) }
        #expect(met == [0, 17, 63] && set.count == 3 && set.first == 0)
        met = []
        let isThrough = set.allSatisfy {
            met.append($0)
            return $0 < 17
        }
        #expect(!isThrough && met == [0, 17])
        #expect(PartitionSet().first == nil)
    }
}

@Suite struct KeyspaceLockTests {
    @Test func `either all of several partitions are locked or none`() {
        let keyspace = Keyspace(databases: 1, workers: 4)
        let set: PartitionSet = [
            PartitionSet(partition: 1), PartitionSet(partition: 5), PartitionSet(partition: 9),
        ]
        #expect(keyspace.tryLock(set))
        #expect(!keyspace.tryLock(set) && !keyspace.lockSoon(set))
        keyspace.unlock(5)
        #expect(!keyspace.tryLock(set))
        // Locks taken along the way were released.
        #expect(keyspace.tryLock(5))
        keyspace.unlock(set)
        #expect(keyspace.lockSoon(set))
        keyspace.unlock(set)
    }
}
