import Testing

@testable import Commands
@testable import Server

@Suite("The words of MIGRATE")
struct MigrateRequestTests {
    private func request(_ line: String) throws -> MigrateRequest {
        try TestServer.withWords(line) { words in
            Result { () throws -> MigrateRequest in try MigrateRequest(words) }
        }.get()
    }

    @Test("options follow the five words")
    func options() throws {
        let plain = try request("MIGRATE host 7 key 2 50")
        #expect(
            plain.target
                == MigrateRequest.Target(
                    host: "host",
                    port: 7,
                    database: 2,
                    timeoutMilliseconds: 50
                )
        )
        #expect(plain.keys == 3..<4)
        #expect(!plain.replaces)
        let full = try request("MIGRATE host 7 key 2 0 copy REPLACE AUTH2 me secret")
        #expect(full.target.copies)
        #expect(full.replaces)
        #expect(full.target.timeoutMilliseconds == 1000)
        #expect(full.target.credentials == [Array("me".utf8), Array("secret".utf8)])
    }

    @Test(
        "bad words are refused",
        arguments: [
            "MIGRATE host 7 key x 50", "MIGRATE host 7 key 2 x", "MIGRATE host 7 key 2 50 AUTH",
            "MIGRATE host 7 key 2 50 AUTH2 me", "MIGRATE host 7 key 2 50 KEYS a",
            "MIGRATE host 7 key 2 50 ZORK",
        ]
    )
    func refusals(_ line: String) {
        #expect(throws: CommandError.self) { try request(line) }
    }
}
