import Remote
import Testing
import Wire

@testable import apus_cli

@Suite struct HistoryFileTests {
    @Test(arguments: [
        "auth x", "AUTH me x", "acl setuser me >pw", "ACL GETUSER me", "hello 3 AUTH me pw",
        "config set requirepass x", "config set maxmemory 1 masterauth x", "3 auth x",
        "config set tls-key-file-pass x", "migrate h 1 k 0 5 AUTH pw",
    ]) func `a line with a secret is not kept`(_ line: String) throws {
        #expect(HistoryFile.isSecret(try #require(QuotedWords.split(line.bytes))))
    }

    @Test(arguments: ["get auth", "acl list", "hello 3", "config get requirepass", "", "3 get x"])
    func `any other line is kept`(_ line: String) throws {
        #expect(!HistoryFile.isSecret(try #require(QuotedWords.split(line.bytes))))
    }
}
