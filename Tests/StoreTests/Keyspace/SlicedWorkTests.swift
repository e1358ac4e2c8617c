import Primitives
import Structures
import Testing

@testable import Store

/// Keys that are frozen while a command works on them in slices.
@Suite struct SlicedWorkTests {
    private static let limits = EncodingLimits()

    private static func withKey<Result>(
        _ name: String,
        _ keyspace: Keyspace,
        _ body: (Key) -> Result
    ) -> Result {
        Array(name.utf8).withBytes { body(Key($0, keyspace.hasher($0))) }
    }

    /// Adds a hash with two fields, one of which expires at 50; the key expires at 100.
    private static func addHash(_ name: String, _ keyspace: Keyspace) {
        withKey(name, keyspace) { key in
            let shard = keyspace.openShard(key.hash, database: 0)
            let hash = HashValue.create(key, pairBytes: 10, in: shard)
            for (field, lifetime) in [("a", HashValue.Lifetime.stays), ("b", .until(50))] {
                Array(field.utf8).withBytes {
                    _ = hash.set($0, .integer(1), lifetime, limits, now: 0)
                }
            }
            hash.slot.shard.setExpiry(hash.slot, 100)
        }
    }

    private static func slot(_ name: String, _ keyspace: Keyspace) -> Shard.Slot? {
        withKey(name, keyspace) { keyspace.shard($0.hash, database: 0).find($0) }
    }

    private static func freeze(
        _ first: String,
        _ second: String,
        _ work: SlicedWork,
        _ keyspace: Keyspace
    ) {
        guard let slot = slot(first, keyspace) else { return }
        withKey(first, keyspace) { one in
            withKey(second, keyspace) { keyspace.freeze(one, $0, at: slot, for: work) }
        }
    }

    private static func isFrozen(
        _ name: String,
        _ keyspace: Keyspace,
        for work: WorkID? = nil
    ) -> Bool {
        withKey(name, keyspace) { keyspace.isFrozen($0, for: work) }
    }

    @Test(arguments: [1, 2])
    func `frozen keys are blocked for others until they are thawed`(workers: Int) {
        let keyspace = Keyspace(databases: 2, workers: workers)
        let all = keyspace.allPartitions
        Self.addHash("one", keyspace)
        Self.addHash("other", keyspace)
        #expect(!keyspace.hasFrozen(all))
        var work = SlicedWork(id: WorkID(number: 7), now: 40)
        work.done = 3
        Self.freeze("one", "two", work, keyspace)
        Self.freeze("other", "other", SlicedWork(id: WorkID(number: 9), now: 41), keyspace)
        #expect(keyspace.hasFrozen(all))
        for name in ["one", "two", "other"] { #expect(Self.isFrozen(name, keyspace)) }
        #expect(!Self.isFrozen("three", keyspace))
        #expect(!Self.isFrozen("one", keyspace, for: WorkID(number: 7)))
        #expect(Self.isFrozen("one", keyspace, for: WorkID(number: 9)))
        let thawed = keyspace.thaw(WorkID(number: 7), all)
        #expect(thawed?.done == 3 && thawed?.startedAt == 40)
        #expect(!Self.isFrozen("one", keyspace) && Self.isFrozen("other", keyspace))
        #expect(keyspace.thaw(WorkID(number: 7), all) == nil)
        #expect(keyspace.thaw(WorkID(number: 9), all)?.id == WorkID(number: 9))
        #expect(!keyspace.hasFrozen(all))
    }

    @Test func `frozen values expire only after they are thawed`() {
        let keyspace = Keyspace(databases: 1, workers: 1)
        let shard = keyspace.openShard(KeyHash(bits: 0), database: 0)
        Self.addHash("one", keyspace)
        Self.addHash("other", keyspace)
        Self.freeze("one", "two", SlicedWork(id: WorkID(number: 7), now: 0), keyspace)
        var budget = 100
        while shard.expireDue(now: 60, budget: &budget) {}
        #expect(Self.slot("one", keyspace).map { HashValue($0).count } == 2)
        #expect(Self.slot("other", keyspace).map { HashValue($0).count } == 1)
        while shard.expireDue(now: 200, budget: &budget) {}
        #expect(shard.count == 1 && shard.volatileCount == 1)
        #expect(Self.slot("one", keyspace)?.entry.expiry == 100)
        _ = keyspace.thaw(WorkID(number: 7), PartitionSet(partition: 0))
        #expect(shard.volatileCount == 1 && shard.isValid)
        while shard.expireDue(now: 60, budget: &budget) {}
        #expect(Self.slot("one", keyspace).map { HashValue($0).count } == 1)
        while shard.expireDue(now: 200, budget: &budget) {}
        #expect(shard.count == 0 && shard.isValid)
    }

    @Test(arguments: [1, 2])
    func `copies are abandoned, but not unfinished changes`(workers: Int) {
        let keyspace = Keyspace(databases: 2, workers: workers)
        Self.addHash("one", keyspace)
        Self.addHash("other", keyspace)
        let target = keyspace.openShard(KeyHash(bits: 0), database: 1)
        guard let slot = Self.slot("one", keyspace) else { return }
        var work = SlicedWork(id: WorkID(number: 7), now: 0)
        work.copy = ValueCopy(of: slot, for: target)
        #expect(target.usedBytes > 0)
        Self.freeze("one", "one", work, keyspace)
        Self.freeze("other", "other", SlicedWork(id: WorkID(number: 9), now: 0), keyspace)
        #expect(!keyspace.giveUpCopies() && Self.isFrozen("one", keyspace))
        _ = keyspace.thaw(WorkID(number: 9), keyspace.allPartitions)
        #expect(keyspace.giveUpCopies())
        #expect(!keyspace.hasFrozen(keyspace.allPartitions) && target.usedBytes == 0)
        #expect(Self.slot("one", keyspace)?.entry.expiry == 100)
        #expect(keyspace.thaw(WorkID(number: 7), keyspace.allPartitions) == nil)
    }
}
