import Glibc
import System
import Testing

@testable import Remote

@Suite struct ChannelTests {
    /// Two sockets that are connected to each other.
    private func pair() throws -> (Socket, Socket) {
        var ends: [Int32] = [0, 0]
        // SAFETY: there is room for the two descriptors.
        let status = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        try #require(status == 0)
        return (Socket(ends[0]), Socket(ends[1]))
    }

    @Test func `without TLS, bytes go as they are`() throws {
        let (near, far) = try pair()
        let channel = try Channel(near)
        #expect(try channel.secure() && !channel.hasUnsent && !channel.hasMore)
        #expect(channel.send(Array("PING".utf8), 1..<3) == .bytes(2))
        var block = [UInt8](repeating: 0, count: 10)
        #expect(far.receive(into: &block) == .bytes(2) && block[0] == UInt8(ascii: "I"))
        #expect(far.send(block, 0..<2) == .bytes(2))
        #expect(channel.receive(into: &block) == .bytes(2))
        far.close()
        #expect(channel.receive(into: &block) == .closed(error: 0))
        channel.close()
    }

    @Test func `a server that speaks no TLS fails the handshake`() throws {
        var options = TLSOptions()
        _ = options.take("--tls")
        _ = options.take("--insecure")
        let (near, far) = try pair()
        let channel = try Channel(near, options.context())
        near.setNonblocking()
        #expect(try !channel.secure())
        #expect(far.send(Array("-ERR no\r\n".utf8), 0..<9) == .bytes(9))
        #expect(throws: RemoteFailure.self) { try channel.secure() }
        let (other, gone) = try pair()
        gone.close()
        let second = try Channel(other, options.context())
        #expect(throws: RemoteFailure.self) { try second.secure(within: 1000) }
        far.close()
        channel.close()
        second.close()
    }

    @Test func `a server that says nothing is given up in time`() throws {
        var options = TLSOptions()
        _ = options.take("--tls")
        let (near, far) = try pair()
        let channel = try Channel(near, options.context())
        #expect(throws: RemoteFailure.timedOut) { try channel.secure(within: 20) }
        far.close()
        channel.close()
    }
}
