import Glibc
import Primitives
import System
import Testing

@Suite struct SocketTests {
    private let path = "/tmp/apus-socket-tests-\(getpid())-\(Int.random(in: 0..<1 << 40))"

    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// Connects to `listening`, blocking and non-blocking, and exchanges data.
    private func talk(_ listening: Socket, _ address: SocketAddress) throws {
        for later in [false, true] {
            let near =
                try later ? Socket.connectLater(to: address) : Socket.connect(to: address)
            #expect(near.waits(for: .writing, milliseconds: 2000))
            #expect(near.connectionError() == 0)
            #expect(listening.waits(for: .reading, milliseconds: 2000))
            guard case .connection(let far) = listening.accept() else {
                Issue.record("nothing to accept")
                return
            }
            #expect(near.send(Array("_ping_".utf8), 1..<5) == .bytes(4))
            #expect(far.waits(for: .reading, milliseconds: 2000))
            var block = [UInt8](repeating: 0, count: 16)
            #expect(far.receive(into: &block) == .bytes(4))
            #expect(text(block[..<4]) == "ping")
            #expect(far.receive(into: &block) == .wouldBlock)
            near.close()
            #expect(far.waits(for: .reading, milliseconds: 2000))
            #expect(far.receive(into: &block) == .closed(error: 0))
            far.close()
        }
        listening.close()
    }

    @Test func `a unix socket carries bytes both ways`() throws {
        let listening = try Socket.listen(path: path, mode: 0o600, group: "", backlog: 8)
        defer { unsafe unlink(path) }
        let address = try SocketAddress(path: path)
        #expect(address.isUnix)
        try talk(listening, address)
    }

    @Test func `a TCP socket carries bytes both ways, too`() throws {
        let listening = try Socket.listen(address: "127.0.0.1", port: 0, backlog: 8)
        let name = listening.name(peer: false, unixPath: "")
        let port = try #require(name.split(separator: ":").last.flatMap { Int($0) })
        let addresses = try SocketAddress.resolve("127.0.0.1", port: port)
        let address = try #require(addresses.first)
        #expect(addresses.count == 1 && !address.isUnix)
        try talk(listening, address)
        #expect(throws: SystemError.self) { try Socket.connect(to: address) }
    }

    @Test func `a path that is too long, and an unknown host, are errors`() {
        #expect(throws: SystemError.self) {
            try SocketAddress(path: String(repeating: "a", count: 200))
        }
        #expect(throws: SystemError.self) { try SocketAddress.resolve("256.1.1.1", port: 1) }
    }
}
