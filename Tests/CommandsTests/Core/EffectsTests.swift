import Testing

@testable import Commands

@Suite struct EffectsTests {
    private let tables = [
        StringCommands.table, NumberCommands.table, StringRangeCommands.table,
        KeyCommands.table, ExpiryCommands.table,
    ]

    @Test func `a request that repeats itself is logged as it came`() {
        let bench = EffectsBench(tables)
        #expect(bench.run("SET k v") == 1)
        #expect(bench.records == ["0 SET k v"])
        #expect(bench.events == ["0 set k"])
        #expect(bench.run("DEL k none") == 1)
        #expect(bench.records == ["0 DEL k none"])
        #expect(bench.events == ["0 del k"])
    }

    @Test func `commands that change nothing report nothing`() {
        let bench = EffectsBench(tables)
        for line in ["GET k", "DEL k", "SET k v XX", "EXPIRE k 5", "GETDEL k"] {
            #expect(bench.run(line) == 0, "\(line)")
            let missed = line.hasPrefix("GET") ? ["0 keymiss k"] : []
            #expect(bench.records.isEmpty && bench.events == missed, "\(line)")
        }
    }

    @Test func `relative times and conditions are logged by their results`() {
        let bench = EffectsBench(tables)
        bench.run("SET k v EX 10 NX")
        #expect(bench.records == ["0 SET k v PXAT 1010000"])
        #expect(bench.events == ["0 set k", "0 expire k"])
        bench.run("SET k w KEEPTTL GET")
        #expect(bench.records == ["0 SET k w PXAT 1010000"])
        bench.run("EXPIRE k 20")
        #expect(bench.records == ["0 PEXPIREAT k 1020000"])
        bench.run("EXPIRE k -1")
        #expect(bench.records == ["0 DEL k"])
        #expect(bench.events == ["0 del k"])
        bench.run("INCRBYFLOAT f 1.5")
        #expect(bench.records == ["0 SET f 1.5"])
        #expect(bench.events == ["0 incrbyfloat f"])
    }

    @Test func `keys of other databases are recorded with their database`() {
        let bench = EffectsBench(tables)
        bench.run("SET k v")
        bench.run("MOVE k 2")
        #expect(bench.records == ["0 MOVE k 2"])
        #expect(bench.events == ["0 move_from k", "2 move_to k"])
    }

    @Test func `if nobody wants to know, only a count is kept`() {
        let bench = EffectsBench(tables, wants: [])
        #expect(bench.run("SET k v") == 1)
        #expect(bench.run("RENAME k l") == 1)
        #expect(bench.run("FLUSHALL") == 1)
        #expect(bench.context.effects.records.count == 0)
        #expect(bench.context.effects.touches.isEmpty)
    }

    @Test func `an expired key is logged before the command that found it`() {
        let bench = EffectsBench(tables)
        bench.run("SET k v PX 5")
        bench.context.now += 5
        #expect(bench.run("GET k") == 0)
        #expect(bench.records == ["0 DEL k"])
        #expect(bench.events == ["0 expired k", "0 keymiss k"])
        bench.run("SET k v PX 5")
        bench.context.now += 5
        #expect(bench.run("APPEND k w") == 1)
        #expect(bench.records == ["0 DEL k", "0 APPEND k w"])
        #expect(bench.events == ["0 expired k", "0 append k"])
    }

    @Test func `every row that writes specifies how its effect is logged`() {
        for row in tables.joined() {
            let writes = row.facts.flags.contains(.write)
            #expect(writes == (row.facts.propagation != .never), "\(row.facts.name)")
        }
    }
}
