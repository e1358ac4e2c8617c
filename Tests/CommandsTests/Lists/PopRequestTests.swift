import Testing
import Wire

@testable import Commands

@Suite struct PopRequestTests {
    private func read(_ arguments: Arguments) throws(CommandError) -> PopRequest<ListEnd> {
        try PopRequest(arguments) { word throws(CommandError) in try ListEnd(word) }
    }

    private func error(_ words: String) -> String? {
        Words.error(words) { arguments throws(CommandError) in
            _ = try read(arguments)
        }
    }

    @Test func `keys, end and count are read`() throws {
        try Words.with("LMPOP 2 a b right COUNT 7") { arguments throws(CommandError) in
            let request = try read(arguments)
            #expect(request.keys == 2..<4)
            #expect(request.side == .right)
            #expect(request.count == 7)
        }
        try Words.with("LMPOP 1 a LEFT") { arguments throws(CommandError) in
            let request = try read(arguments)
            #expect(request.count == 1)
        }
    }

    @Test func `invalid arguments are rejected`() {
        #expect(error("LMPOP 0 a LEFT") == "ERR numkeys should be greater than 0")
        #expect(error("LMPOP 2 a LEFT") == "ERR syntax error")
        #expect(error("LMPOP 9223372036854775807 a LEFT") == "ERR syntax error")
        #expect(error("LMPOP 1 a UP") == "ERR syntax error")
        #expect(error("LMPOP 1 a LEFT COUNT") == "ERR syntax error")
        #expect(error("LMPOP 1 a LEFT COUNT 0") == "ERR count should be greater than 0")
        #expect(error("LMPOP 1 a LEFT COUNT 1 x") == "ERR syntax error")
    }
}
