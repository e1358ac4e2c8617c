import Primitives
import Synchronization
import System
import Testing

@testable import Store
@testable import Structures

@Suite struct KeyspacePrefetchingTests {
    /// `apus_look_at_table` reads the fields in place.
    @Test func `a table's fields are where they are searched for`() {
        #expect(MemoryLayout<EntryTable>.offset(of: \EntryTable.directory) == 8)
        #expect(MemoryLayout<EntryTable>.offset(of: \EntryTable.bucketCount) == 12)
    }

    /// Prefetching only reads mapped memory, whatever happens to the tables meanwhile.
    @Test func `prefetching goes on while tables grow, shrink, disappear and are created`() {
        let keyspace = Keyspace(databases: 4, workers: 4)
        let isOver = Atomic<Bool>(false)
        let looks = Atomic<Int>(0)
        let looker = Thread {
            var random = FastRandom(seed: 7)
            while !isOver.load(ordering: .relaxed) {
                let hash = KeyHash(bits: random.next())
                let database = Int(hash.bits & 3)
                keyspace.prefetchBucket(hash, database: database)
                keyspace.prefetchEntry(hash, database: database)
                looks.add(1, ordering: .relaxed)
            }
        }
        for round in 0..<12 {
            for number in 0..<(round % 3 == 0 ? 20_000 : 500) {
                withKey("key:\(number)") { key in
                    let partition = keyspace.partition(key.hash)
                    keyspace.lock(partition)
                    let shard = keyspace.openShard(key.hash, database: number & 3)
                    let slot = shard.find(key)
                    StringValue.set(key, .integer(1), expiry: nil, at: slot, in: shard)
                    if round % 4 == 1, let slot = shard.find(key) { shard.remove(slot) }
                    keyspace.unlock(partition)
                }
            }
            for partition in 0..<keyspace.partitionCount where round % 2 == 1 {
                keyspace.lock(partition)
                keyspace.shard(partition: partition, database: 0).makeEmpty()
                keyspace.unlock(partition)
            }
        }
        isOver.store(true, ordering: .relaxed)
        looker.join()
        #expect(looks.load(ordering: .relaxed) > 1000)
    }

    private func withKey(_ name: String, _ body: (Key) -> Void) {
        Array(name.utf8).withBytes { body(Key($0, KeyHasher()($0))) }
    }
}

extension Shard {
    /// Removes all keys one by one.
    fileprivate func makeEmpty() {
        var random = FastRandom(seed: 3)
        while let slot = self.random(&random) { remove(slot) }
    }
}
