import Primitives
import Testing
import Wire

@testable import Commands

@Suite struct FieldPairsTests {
    private func text(_ pairs: borrowing FieldPairs) -> String {
        pairs.pairs.map { "\($0.name.string)=\($0.value?.string ?? "-")" }.joined(separator: " ")
    }

    @Test func `pairs are distinct, the first of a name stays, in hstore's order`() throws {
        let words = "HCONTAINS h bb 1 a 2 c 3 bb 4 a 5 \"\" 6"
        try Words.with(words) { arguments throws(CommandError) in
            let pairs = try FieldPairs(arguments, at: 2)
            #expect(text(pairs) == "=6 a=2 c=3 bb=1")
        }
    }

    @Test func `a single word is a literal`() throws {
        try Words.with("HCONTAINS h bb=>1,a=>NULL,bb=>2") { arguments throws(CommandError) in
            let pairs = try FieldPairs(arguments, at: 2)
            #expect(text(pairs) == "a=- bb=1")
        }
    }

    @Test func `names need values`() {
        let error = Words.error("HCONTAINS h a 1 b") { arguments throws(CommandError) in
            _ = try FieldPairs(arguments, at: 2)
        }
        #expect(error == "ERR wrong number of arguments for 'test' command")
    }

    @Test func `many names are told apart`() throws {
        let words = (0..<3_000).map { "\($0 * 7 % 1_000) \($0)" }.joined(separator: " ")
        try Words.with("HCONTAINS h " + words) { arguments throws(CommandError) in
            let pairs = try FieldPairs(arguments, at: 2)
            #expect(pairs.pairs.count == 1_000)
            for (number, pair) in pairs.pairs.enumerated() {
                #expect(pair.name.string == "\(number)")
                #expect((Int(pair.value?.string ?? "") ?? -1) < 1_000)
            }
        }
    }
}
