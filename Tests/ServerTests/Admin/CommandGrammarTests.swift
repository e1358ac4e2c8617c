import Commands
import Testing

@testable import Server

@Suite struct CommandGrammarTests {
    private let facts =
        CommandFamilies.data.joined().map(\.facts) + CommandFamilies.admin.joined().map(\.facts)

    /// redis-cli crashes on a choice without alternatives.
    @Test func `every row reads as arguments that clients understand`() {
        for row in facts {
            for argument in CommandGrammar.arguments(row.syntax) { check(argument, row.name) }
        }
    }

    private func check(_ argument: CommandGrammar.Argument, _ name: StaticString) {
        #expect(!argument.name.isEmpty, "\(name)")
        let isGroup = ["oneof", "block"].contains(argument.type)
        #expect(isGroup != argument.parts.isEmpty, "\(name): \(argument.name)")
        #expect(argument.type != "pure-token" || argument.token != nil, "\(name): \(argument.name)")
        #expect(!(argument.token ?? "").contains { "<>[]()|".contains($0) }, "\(name)")
        for part in argument.parts { check(part, name) }
    }

    @Test func `choices, rows, tokens and repeats are distinguished`() {
        let read = CommandGrammar.arguments("@key id=(id | new-id=$) [COUNT count:i] pair=<a b>...")
        #expect(read.map(\.name) == ["key", "id", "count", "pair"])
        #expect(read.map(\.type) == ["key", "oneof", "integer", "block"])
        #expect(read[1].parts.map(\.token) == [nil, "$"])
        #expect(read[1].parts.map(\.type) == ["string", "pure-token"])
        #expect(read[2].isOptional && read[2].token == "COUNT" && read[3].isMultiple)
        let block = CommandGrammar.arguments("count-block=[<COUNT count:i [ANY]>] last")
        #expect(block.map(\.type) == ["block", "string"] && block[0].isOptional)
        #expect(block[0].parts.map(\.token) == ["COUNT", "ANY"] && block[0].parts[1].isOptional)
    }
}
