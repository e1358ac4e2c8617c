import Testing

@testable import Commands

/// What commands of each family log and which events they report, case by case.
///
/// Tests/Compatibility/test_effects.py tests that replaying a log repeats the changes.
@Suite struct FamilyEffectsTests {
    private static let tables = [
        StringCommands.table, NumberCommands.table, StringManyCommands.table, KeyCommands.table,
        ExpiryCommands.table, ListCommands.table, ListMoves.table, SetCommands.table,
        SetSampling.table, SetAlgebra.table, HashCommands.table, HashExpiryCommands.table,
        HashTimedCommands.table, SortedSetCommands.table, SortedSetRanges.table,
        SortedSetAlgebra.table, GeoCommands.table, GeoSearch.table, BitmapCommands.table,
        BitFieldCommands.table, HyperLogLogCommands.table, SortCommands.table, StreamCommands.table,
        StreamGroupReadCommands.table, StreamClaimCommands.table, StreamPendingCommands.table,
    ]

    private func expect(
        _ before: [String],
        _ line: String,
        _ changes: Int,
        records: [String],
        events: [String],
        at location: SourceLocation = #_sourceLocation
    ) {
        let bench = EffectsBench(FamilyEffectsTests.tables)
        for line in before { bench.run(line) }
        let counted = bench.run(line)
        #expect(counted == changes, sourceLocation: location)
        #expect(bench.records == records, sourceLocation: location)
        #expect(bench.events == events, sourceLocation: location)
    }

    @Test func `pops are logged with the number popped`() {
        expect(
            ["RPUSH l a b c"],
            "LMPOP 2 none l LEFT COUNT 9",
            3,
            records: ["0 LPOP l 3"],
            events: ["0 lpop l", "0 del l"]
        )
        expect(
            ["ZADD z 1 a 2 b"],
            "ZMPOP 1 z MAX",
            1,
            records: ["0 ZPOPMAX z 1"],
            events: ["0 zpopmax z"]
        )
        expect(
            ["SADD s a"],
            "SPOP s",
            1,
            records: ["0 SREM s a"],
            events: ["0 spop s", "0 del s"]
        )
        expect(
            ["SADD s a b"],
            "SPOP s 5",
            2,
            records: ["0 DEL s"],
            events: ["0 spop s", "0 del s"]
        )
    }

    @Test func `moves of several elements are logged as an older server supports them`() {
        let before = ["RPUSH l a b c", "RPUSH m x"]
        expect(
            before,
            "LMOVEM l m LEFT RIGHT COUNT 2 OBO",
            2,
            records: ["0 LMOVE l m LEFT RIGHT", "0 LMOVE l m LEFT RIGHT"],
            events: ["0 rpush m", "0 lpop l"]
        )
        expect(
            before,
            "LMOVEM l m LEFT LEFT COUNT 2 BULK",
            2,
            records: ["0 LPOP l 2", "0 LPUSH m b a"],
            events: ["0 lpush m", "0 lpop l"]
        )
        expect(
            before,
            "LMOVEM l l RIGHT RIGHT COUNT 2 OBO",
            2,
            records: ["0 LSET l -2 c", "0 LSET l -1 b"],
            events: ["0 rpush l", "0 rpop l"]
        )
    }

    @Test func `fields that expire at once are removed, others get an expiry`() {
        expect(
            ["HSET h a 1 b 2"],
            "HEXPIRE h 10 FIELDS 2 a none",
            1,
            records: ["0 HPEXPIREAT h 1010000 FIELDS 1 a"],
            events: ["0 hexpire h"]
        )
        expect(
            ["HSET h a 1"],
            "HGETDEL h FIELDS 1 a",
            1,
            records: ["0 HDEL h a"],
            events: ["0 hdel h", "0 del h"]
        )
        expect(
            ["HSETEX h PX 50 FIELDS 1 a 1"],
            "HINCRBYFLOAT h a 0.5",
            1,
            records: ["0 HSET h a 1.5", "0 HPEXPIREAT h 1000050 FIELDS 1 a"],
            events: ["0 hincrbyfloat h"]
        )
    }

    @Test func `results of chance, of a map or of a newer server are logged by value`() {
        expect(
            ["SADD s 3 1 2"],
            "SORT s STORE l",
            3,
            records: ["0 DEL l", "0 RPUSH l 1 2 3"],
            events: ["0 sortstore l"]
        )
        expect(
            ["ZADD z 5 a", "ZADD y 6 a 7 b"],
            "ZUNIONSTORE u 2 z y AGGREGATE COUNT",
            1,
            records: ["0 DEL u", "0 ZADD u 1 b 2 a"],
            events: ["0 zunionstore u"]
        )
        expect(
            [],
            "GEOADD g 13.361389 38.115556 p",
            1,
            records: ["0 ZADD g 3479099956230698 p"],
            events: ["0 zadd g"]
        )
        expect(
            ["SET a abc", "SET b abd"],
            "BITOP DIFF d a b",
            1,
            records: ["0 SET d \0\0\u{3}"],
            events: ["0 set d"]
        )
    }

    @Test func `only real changes of bits count`() {
        expect(["SETBIT b 7 1"], "SETBIT b 7 1", 0, records: [], events: [])
        expect(["SETBIT b 7 1"], "BITFIELD b SET u8 0 1", 0, records: [], events: [])
        expect(
            ["SETBIT b 7 1"],
            "SETBIT b 9 0",
            1,
            records: ["0 SETBIT b 9 0"],
            events: ["0 setbit b"]
        )
    }

    @Test func `entries are logged with their ids, trims with the number kept`() {
        expect(
            ["XADD s 1-1 a 1", "XADD s 2-1 a 1"],
            "XADD s MAXLEN 1 * b 2",
            1,
            records: ["0 XADD s MAXLEN = 1 1000000-0 b 2"],
            events: ["0 xadd s", "0 xtrim s"]
        )
        expect(
            ["XADD s 1-1 a 1"],
            "XDELEX s KEEPREF IDS 2 1-1 9-9",
            1,
            records: ["0 XDEL s 1-1"],
            events: ["0 xdel s"]
        )
    }
}
