import Testing

@testable import Commands
@testable import Server

@Suite struct HashIndexDefinitionTests {
    private func definition(_ words: [String]) throws(CommandError) -> HashIndexDefinition {
        try HashIndexDefinition(words.map { Array($0.utf8) })
    }

    @Test func `the words of HINDEX CREATE are read`() throws {
        let made = try definition(["n", "on", "prefix", "a:", "", "fields", "f", "g", "f"])
        #expect(made.name == Array("n".utf8))
        #expect(made.prefixes == [Array("a:".utf8), []])
        #expect(made.fields == [Array("f".utf8), Array("g".utf8)])
        #expect(try definition(["n", "ON", "PREFIX", "a", "FIELDS", "*"]).fields.isEmpty)
    }

    @Test(
        arguments: [
            ["n", "ON", "PREFIX"], ["n", "PREFIX", "a", "b"], ["n", "ON", "PREFIX", "FIELDS", "f"],
            ["n", "ON", "PREFIX", "a", "FIELDS"],
            ["n", "ON", "PREFIX"] + Array(repeating: "a", count: 65),
        ]
    )
    func `other words are refused`(words: [String]) {
        #expect(throws: CommandError.self) { try definition(words) }
    }

    @Test func `what is saved is read again, whatever the bytes`() throws {
        let words: [[UInt8]] = [
            [0, 255, 32, 34, 92, 10], Array("ON".utf8), Array("PREFIX".utf8), [], [200, 39],
            Array("FIELDS".utf8), [13, 0],
        ]
        let made = try HashIndexDefinition(words)
        let read = try #require(HashIndexDefinition.parse(made.text(database: 12)))
        #expect(read.definition == made)
        #expect(read.database == 12)
        for text in ["", "x", "1", "-1 n ON PREFIX a", "1 n ON PREFIX", "1 \"n ON PREFIX a"] {
            #expect(HashIndexDefinition.parse(text) == nil)
        }
    }
}
