import Commands
import Primitives
import Testing

@testable import Server

@Suite struct NotifierTests {
    /// The posts to the first worker: channel and message.
    private static func posts(_ test: TestServer) -> [String] {
        test.worker.mailbox.takePosts().map { post in
            defer { post.block.release() }
            let parts = post.block.bytes.string.split(separator: "\r\n")
            return "\(parts[4]) \(parts.last ?? "")"
        }
    }

    @Test func `events are published while the key is still locked`() throws {
        let test = try TestServer(threads: 2)
        test.server.configuration.settle("notify-keyspace-events", at: .text(Array("KEA".utf8)))
        test.server.publish()
        test.executor.readBulletin()
        let (client, listener) = (test.client(id: 1), test.client(id: 2))
        _ = test.run("SET a 1", client)
        #expect(Self.posts(test).isEmpty)
        for name in ["__keyspace@0__:a", "__keyevent@0__:del"] {
            Array(name.utf8).withBytes { test.worker.subscribe(listener, to: $0, .channel) }
        }
        for line in ["SET a 2", "DEL a b", "GET a"] { _ = test.run(line, client) }
        #expect(
            Self.posts(test) == [
                "__keyspace@0__:a set", "__keyspace@0__:a del", "__keyevent@0__:del a",
            ]
        )
    }
}
