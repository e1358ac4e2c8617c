import Testing

@testable import Commands
@testable import Server

@Suite struct ShownRequestTests {
    private func shown(_ line: String, _ secrets: SecretSpec?) -> [String] {
        let facts = CommandFacts(
            "X",
            arity: -1,
            [],
            secrets: secrets,
            group: .server,
            since: "",
            complexity: "",
            syntax: "",
            summary: ""
        )
        return TestServer.withWords(line) { ShownRequest($0, facts).words }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `secrets are where the row says`() {
        #expect(shown("A b c", nil) == ["A", "b", "c"])
        #expect(shown("A b c", .from(1)) == ["A", "(redacted)", "(redacted)"])
        #expect(
            shown("A 2 auth b c SETNAME d", .behind("AUTH", from: 2, count: 2))
                == ["A", "2", "auth", "(redacted)", "(redacted)", "SETNAME", "d"]
        )
        #expect(
            shown("A S port 1 Requirepass x nope y", .directives(from: 2))
                == ["A", "S", "port", "1", "Requirepass", "(redacted)", "nope", "y"]
        )
    }

    @Test func `long requests and words are truncated`() {
        let many = shown((0..<50).map(String.init).joined(separator: " "), nil)
        #expect(many.count == 32 && many.last == "... (19 more arguments)")
        #expect(
            shown("A " + String(repeating: "x", count: 130), nil)[1]
                == String(repeating: "x", count: 128) + "... (2 more bytes)"
        )
    }
}
