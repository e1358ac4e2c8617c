import Primitives
import Testing
import Wire

@testable import Commands

@Suite struct KeyFinderTests {
    private func indices(_ line: String, _ specs: [KeySpec]) throws -> [Int]? {
        try Words.with(line) { arguments in
            do {
                return try KeyFinder.keys(specs, arguments).map(\.index)
            } catch {
                return nil
            }
        }
    }

    private func uses(_ line: String, _ rows: [DataCommand]) throws -> [Int: [String]] {
        try Words.with(line) { words in
            let name = words[0].string
            var uses: [Int: [String]] = [:]
            for row in rows where row.facts.name.description == name {
                try? KeyFinder.forEachUse(row.facts, words) { index, use in
                    uses[index] = use.names.map(\.description)
                }
            }
            return uses
        }
    }

    @Test func `how a request uses its keys may depend on its other words`() throws {
        let strings = StringCommands.table + BitFieldCommands.table + SortCommands.table
        #expect(try uses("SET k v", strings) == [1: ["OW", "update"]])
        #expect(try uses("SET k v GET", strings) == [1: ["RW", "access", "update"]])
        #expect(try uses("SET k get", strings) == [1: ["OW", "update"]])
        #expect(try uses("BITFIELD k GET u8 0", strings) == [1: ["RO", "access"]])
        #expect(try uses("BITFIELD k SET u8 0 1", strings) == [1: ["RW", "access", "update"]])
        let sorted = try uses("SORT k BY STORE LIMIT 0 1 STORE a GET STORE STORE b", strings)
        #expect(sorted == [1: ["RO", "access"], 12: ["OW", "update"]])
    }

    @Test func `keys at fixed places are found`() throws {
        #expect(try indices("GET k", [.one(1, .ro)]) == [1])
        #expect(try indices("LMOVE a b LEFT LEFT", [.one(1, .rw), .one(2, .rw)]) == [1, 2])
        #expect(try indices("GET", [.one(1, .ro)]) == nil)
    }

    @Test func `keys up to the end, in steps, are found`() throws {
        #expect(try indices("DEL a b c", [.rest(1, .rm)]) == [1, 2, 3])
        #expect(try indices("MSET a 1 b 2", [.rest(1, step: 2, .ow)]) == [1, 3])
        #expect(try indices("DEL", [.rest(1, .rm)]) == nil)
    }

    @Test func `counted keys are found, but no more than there are`() throws {
        let specs: [KeySpec] = [.counted(1, .rw)]
        #expect(try indices("LMPOP 2 a b LEFT", specs) == [2, 3])
        #expect(try indices("LMPOP 0 LEFT", specs) == [])
        for line in ["LMPOP 9 a LEFT", "LMPOP x a LEFT", "LMPOP -1 a", "LMPOP"] {
            #expect(try indices(line, specs) == nil, "\(line)")
        }
        #expect(try indices("LMPOP 9223372036854775807 a", specs) == nil)
    }

    @Test func `keys after a keyword are found wherever it is`() throws {
        let half = KeySpec(
            .keyword("STREAMS", from: 1),
            .range(last: -1, step: 1, limit: 2),
            .ro
        )
        #expect(try indices("XREAD COUNT 1 streams a b 0 0", [half]) == [4, 5])
        #expect(try indices("XREAD COUNT 1", [half]) == [])
        let store = KeySpec(.keyword("STORE", from: -2), .range(last: 0, step: 1, limit: 0), .ow)
        #expect(try indices("SORT a LIMIT 0 1 STORE d", [store]) == [6])
    }
}
