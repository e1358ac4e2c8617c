import Remote
import Testing

@testable import apus_hstore

@Suite struct OptionsTests {
    private static let needed = ["--table", "s.t", "--key", "id", "--column", "attrs"]

    private func options(_ words: [String]) throws(Options.Fault) -> Options {
        try Options(words) { $0 == "APUSCLI_AUTH" ? "secret" : nil }
    }

    @Test func `options are read`() throws {
        let read = try options(
            ["to", "dbname=x"] + Self.needed
                + [
                    "--prefix", "p:", "--state", "f", "--batch", "7", "-h", "::1", "-p", "1", "-n",
                    "3",
                ]
        )
        #expect(read.direction == .store && read.conninfo == "dbname=x")
        #expect(read.table.text == "s.t" && read.key.text == "id" && read.column.text == "attrs")
        #expect(read.prefix.text == "p:" && read.statePath == "f" && read.batch == 7)
        #expect(read.address == .tcp(host: "::1", port: 1) && read.database == 3)
        #expect(read.password == "secret".bytes)
        #expect(try options(["from", ""] + Self.needed).direction == .load)
    }

    @Test func `options of TLS are those of apus-cli, but for the key`() throws {
        let words = ["--tls", "--insecure", "--cert", "c.pem", "--tls-key", "k.pem"]
        let read = try options(["to", ""] + Self.needed + words)
        #expect(read.tls.isOn && read.key.text == "id")
        #expect(read.tls.words == words)
        #expect(try options(["to", ""] + Self.needed).tls.words == [])
        #expect(throws: Options.Fault.self) { try options(["to", ""] + Self.needed + ["--sni"]) }
    }

    @Test(
        arguments: [
            ["up", ""] + needed, ["from"], ["from", ""],
            ["from", "", "--table", "t", "--key", "k"],
            ["from", ""] + needed + ["--batch", "0"], ["from", ""] + needed + ["--batch"],
            ["from", ""] + needed + ["-p", "65536"], ["from", ""] + needed + ["--other", "x"],
            ["from", "", "--table", "a.b.c", "--key", "k", "--column", "c"],
            ["from", "", "--table", "\"a", "--key", "k", "--column", "c"],
        ]
    )
    func `others are refused`(words: [String]) {
        #expect(throws: Options.Fault.self) { try options(words) }
    }

    @Test func `help is told from everything else`() {
        #expect(throws: Options.Fault.help) { try options([]) }
        #expect(throws: Options.Fault.help) { try options(["from", "", "--help"]) }
    }

    @Test(arguments: [
        ("t", ["t"]), ("S.T", ["S", "T"]), ("\"a.b\"", ["a.b"]), ("x.\"a\"\"b\"", ["x", "a\"b"]),
    ])
    func `names of tables are read`(text: String, parts: [String]) {
        #expect(TableName(text.bytes)?.parts.map(\.text) == parts)
    }

    @Test(arguments: ["", ".", "a.", ".a", "a.b.c", "\"a"])
    func `others are no names`(text: String) { #expect(TableName(text.bytes) == nil) }
}
