import Testing

@testable import Commands

@Suite struct CommandFactsDerivedTests {
    @Test func `the row says where its first member is`() {
        let wanted = [
            "HSET": 2, "HGET": 2, "HMGET": 2, "HINCRBYFLOAT": 2, "HEXPIRE": 5, "HTTL": 4,
            "HGETALL": 0, "HSCAN": 0, "HRANDFIELD": 0, "HSETEX": 4, "SADD": 2, "SISMEMBER": 2,
            "SMOVE": 3, "SINTER": 0, "SPOP": 0, "ZADD": 3, "ZINCRBY": 3, "ZSCORE": 2, "ZRANK": 2,
            "ZRANGE": 0, "ZUNION": 0, "GET": 0, "DEL": 0,
        ]
        let rows = [
            HashCommands.table, HashWalks.table, HashExpiryCommands.table, HashTimedCommands.table,
            SetCommands.table, SetSampling.table, SetAlgebra.table, SortedSetCommands.table,
            SortedSetRanges.table, SortedSetAlgebra.table, StringCommands.table, KeyCommands.table,
        ].joined()
        var found: [String: Int] = [:]
        for row in rows { found[row.facts.name.description] = row.facts.memberWord }
        for (name, word) in wanted { #expect(found[name] == word, "\(name)") }
    }
}
