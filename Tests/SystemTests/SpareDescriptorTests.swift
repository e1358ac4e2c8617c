import Glibc
import System
import Testing

@Suite struct SpareDescriptorTests {
    @Test func `a connection is accepted with the spare descriptor`() throws {
        let listening = try Socket.listen(address: "127.0.0.1", port: 0, backlog: 8)
        defer { listening.close() }
        let name = listening.name(peer: false, unixPath: "")
        let port = try #require(name.split(separator: ":").last.flatMap { Int($0) })
        let address = try #require(try SocketAddress.resolve("127.0.0.1", port: port).first)
        var spare = SpareDescriptor()
        let near = try Socket.connect(to: address)
        defer { near.close() }
        #expect(listening.waits(for: .reading, milliseconds: 2000))
        let accepted = spare.accept(listening)
        #expect(accepted != nil)
        let none = spare.accept(listening)
        #expect(none == nil)
        accepted?.close()
        spare.take()
    }
}
