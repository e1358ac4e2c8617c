import Testing

@testable import apus_check

@Suite("Statistics of a snapshot")
struct SnapshotStatisticsTests {
    private func facts(_ bytes: Int, expiry: Int64? = nil) -> SnapshotStatistics.KeyFacts {
        SnapshotStatistics.KeyFacts(
            database: 0,
            name: "key \"\(bytes)\"",
            type: "list",
            elements: 3,
            bytes: bytes,
            expiry: expiry
        )
    }

    @Test("the largest keys are kept in order")
    func largest() {
        var statistics = SnapshotStatistics()
        for bytes in [5, 100, 7, 3, 2000, 9, 11, 13, 15, 17, 19, 1] {
            statistics.add(facts(bytes), now: 0)
        }
        #expect(
            statistics.largest.map(\.bytes) == [2000, 100, 19, 17, 15, 13, 11, 9, 7, 5]
        )
        #expect(statistics.types["list"]?.elements == 36)
    }

    @Test("times to live fall into ranges")
    func lifetimes() {
        var statistics = SnapshotStatistics()
        for expiry: Int64? in [nil, 50, 1000 + 60_000, 1000 + 60_001] {
            statistics.add(facts(1, expiry: expiry), now: 1000)
        }
        #expect(statistics.lifetimes.map(\.keys) == [1, 1, 1, 0, 0, 0])
        #expect(statistics.volatileKeys == 3)
        #expect(statistics.expiredKeys == 1)
    }

    @Test("names are quoted in JSON")
    func json() {
        var statistics = SnapshotStatistics()
        statistics.add(facts(1), now: 0)
        #expect(statistics.json(name: "a\n", byteCount: 1).contains("\"key \\\"1\\\"\""))
        #expect(statistics.json(name: "a\n", byteCount: 1).contains("\"a\\u000a\""))
    }
}
