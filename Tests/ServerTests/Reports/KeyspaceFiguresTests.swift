import Store
import Testing

@testable import Server

@Suite struct KeyspaceFiguresTests {
    @Test(arguments: [1, 4]) func `a report sums up all partitions`(threads: Int) throws {
        let server = try idleServer(threads: threads)
        for number in 0..<200 { server.set("k\(number)") }
        for number in 0..<50 { server.set("v\(number)", until: 5000, database: 3) }
        let totals = server.figures.look(by: server.executor(now: 1000))
        #expect(totals.databases.map(\.number) == [0, 3])
        #expect(totals.databases.map(\.keys) == [200, 50])
        #expect(totals.databases.map(\.volatileKeys) == [0, 50])
        #expect(totals.databases.map(\.lifetimes.mean) == [0, 4000])
        #expect(totals.usedBytes > 250 * 8 && totals.pageBytes >= totals.usedBytes)
        #expect(server.figures.usedBytes == totals.usedBytes)
    }

    @Test func `for a partition that stays locked, the last known figures are reported`() throws {
        let server = try idleServer(threads: 2)
        for number in 0..<500 { server.set("k\(number)") }
        let executor = server.executor(now: 0)
        #expect(server.figures.look(by: executor).databases[0].keys == 500)
        let locked = 5
        let before = server.keyspace.shard(partition: locked, database: 0).count
        for number in 500..<1000 { server.set("k\(number)") }
        let missed = server.keyspace.shard(partition: locked, database: 0).count - before
        server.keyspace.lock(locked)
        let during = server.figures.look(by: executor)
        server.keyspace.unlock(locked)
        #expect(missed > 0 && during.databases[0].keys == 1000 - missed)
        #expect(server.figures.look(by: executor).databases[0].keys == 1000)
    }

    @Test func `the mean time to live of keys that never expire does not trap`() {
        var lifetimes = KeyspaceTotals.Lifetimes()
        #expect(lifetimes.mean == 0)
        for _ in 0..<3 { lifetimes.add(until: .max, now: 0) }
        #expect(lifetimes.mean == UInt64(Int64.max))
        lifetimes.add(until: .max, now: .min)
        lifetimes.add(until: .min, now: .max)
        #expect(lifetimes.count == 5 && lifetimes.mean == UInt64(Int64.max) / 5 * 4 + 1)
    }
}
