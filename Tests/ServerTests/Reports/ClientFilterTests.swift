import Primitives
import Testing

@testable import Commands
@testable import Server

@Suite struct ClientFilterTests {
    private func count(_ line: String) throws -> Int? {
        let server = try TestServer()
        for id in 1...3 {
            let session = Session(id: UInt64(id))
            session.database = id
            session.tell { $0.name = Array("c\(id)".utf8) }
            if id == 2 { session.traits.insert([.noEvict, .takesRedirects]) }
            server.worker.connections.insert(
                Connection(descriptor: Int32(30_000 + id), session: session, now: 0)
            )
        }
        let access = server.server.access
        return TestServer.withWords("CLIENT LIST " + line) { words in
            guard let filter = try? ClientFilter(listing: words, access) else { return nil }
            return server.worker.connections.places.count { connection in
                connection.map { filter.accepts($0, on: server.worker) } ?? false
            }
        }
    }

    @Test(arguments: [
        ("", 3), ("ID 1 3", 2), ("NOT-ID 1 3", 1), ("NAME c2", 1), ("NOT-NAME c2", 2), ("DB 3", 1),
        ("FLAGS e", 1), ("NOT-FLAGS e", 2), ("FLAGS eN", 0), ("CAPA r", 1), ("TYPE normal", 3),
        ("NOT-TYPE normal", 0), ("NAME c2 DB 2", 1), ("NAME c2 DB 3", 0), ("NAME c1 NAME c2", 1),
        ("LIB-NAME x", 0), ("NOT-LIB-NAME x", 3), ("SKIPME yes", 3),
    ])
    func `clients must meet all conditions`(_ line: String, _ expected: Int) throws {
        #expect(try count(line) == expected)
    }

    @Test(arguments: [
        "ID", "ID x", "TYPE x", "FOO x", "FLAGS ?", "CAPA x", "DB x", "IDLE 0", "NOT-IDLE 1",
        "USER nobody", "SKIPME x",
    ])
    func `invalid arguments are rejected`(_ line: String) throws {
        #expect(try count(line) == nil)
    }
}
