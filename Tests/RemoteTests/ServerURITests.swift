import Remote
import Testing

@Suite struct ServerURITests {
    @Test func `a complete URI`() throws {
        let uri = try ServerURI("redis://me:p%40ss%2f@example.org:7001/3")
        #expect(uri.user == "me".bytes && uri.password == "p@ss/".bytes && !uri.isEncrypted)
        #expect(uri.host == "example.org" && uri.port == 7001 && uri.database == 3)
    }

    @Test func `every part may be missing`() throws {
        let empty = try ServerURI("redis://")
        #expect(empty.host == nil && empty.port == nil && empty.database == nil)
        #expect(empty.user == nil && empty.password == nil)
        let host = try ServerURI("valkey://host")
        #expect(host.host == "host" && host.port == nil)
        #expect(try ServerURI("redis:///5").database == 5)
        #expect(try ServerURI("redis://:7001").port == 7001)
    }

    @Test func `a password alone is that of the default user`() throws {
        for text in ["redis://:pw@host", "redis://pw@host"] {
            let uri = try ServerURI(text)
            #expect(uri.user == nil && uri.password == "pw".bytes && uri.host == "host")
        }
    }

    @Test func `IPv6 addresses are in brackets`() throws {
        let uri = try ServerURI("redis://[::1]:7001/2")
        #expect(uri.host == "::1" && uri.port == 7001 && uri.database == 2)
        #expect(try ServerURI("redis://[fe80::1]").host == "fe80::1")
    }

    @Test func `encryption is recognised`() throws {
        #expect(try ServerURI("rediss://h").isEncrypted && ServerURI("valkeys://h").isEncrypted)
    }

    @Test(arguments: [
        ("http://x", ServerURI.Fault.scheme), ("x", .scheme), ("redis://%zz@h", .escape),
        ("redis://%4@h", .incompleteEscape), ("redis://h:port", .port), ("redis://h:70000", .port),
        ("redis://h/x", .database), ("redis://h/-1", .database),
    ]) func `invalid input is rejected`(_ text: String, _ fault: ServerURI.Fault) {
        #expect(throws: fault) { try ServerURI(text) }
    }
}
