import Glibc
import Remote
import Testing

@Suite struct RemoteConnectionTests {
    @Test func `connecting fails if nobody listens on a path`() {
        let failure = RemoteFailure.couldNotConnect(
            to: "/nonexistent/socket",
            reason: "No such file or directory"
        )
        #expect(throws: failure) { try Self.connect(.unix(path: "/nonexistent/socket")) }
    }

    @Test func `connecting fails if nobody listens on a port`() {
        let failure = RemoteFailure.couldNotConnect(to: "127.0.0.1:1", reason: "Connection refused")
        #expect(throws: failure) { try Self.connect(.tcp(host: "127.0.0.1", port: 1)) }
        #expect(failure.message == "Could not connect to Redis at 127.0.0.1:1: Connection refused")
    }

    @Test func `a path that is too long is reported`() {
        let path = String(repeating: "x", count: 200)
        #expect(throws: RemoteFailure.couldNotConnect(to: path, reason: "File name too long")) {
            try Self.connect(.unix(path: path))
        }
    }

    private static func connect(_ address: ServerAddress) throws {
        _ = try RemoteConnection(to: address, within: 2000)
    }

    @Test func `addresses have names`() {
        #expect(ServerAddress.tcp(host: "h", port: 1).name == "h:1")
        #expect(ServerAddress.tcp(host: "::1", port: 1).name == "[::1]:1")
        #expect(ServerAddress.unix(path: "/s").name == "/s")
    }
}
