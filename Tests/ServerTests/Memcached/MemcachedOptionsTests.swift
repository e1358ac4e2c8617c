import Testing

@testable import Server

@Suite struct MemcachedOptionsTests {
    @Test(arguments: [
        ("10.0.0.5:99", "10.0.0.5", 99), ("-10.0.0.5:99", "-10.0.0.5", 99), ("[::1]:7", "::1", 7),
        ("-[::1]:7", "-::1", 7), ("localhost:65535", "localhost", 65535),
    ])
    func `an address may have a port`(entry: String, address: String, port: Int) {
        let parts = MemcachedOptions.parts(entry)
        #expect(parts?.address == address && parts?.port == port)
    }

    @Test(arguments: [
        "*", "-::*", "::1", "fe80::1:99", "10.0.0.5", "a:0", "a:65536", "a:", "a:x", "", ":::1",
    ])
    func `others have none`(entry: String) { #expect(MemcachedOptions.parts(entry) == nil) }

    private func places(_ lines: String...) throws -> [MemcachedOptions.Place] {
        var configuration = Configuration()
        let text = lines.joined(separator: "\n")
        try configuration.load(Array(text.utf8), from: .standardInput, depth: 0)
        return Options(configuration).memcached.places
    }

    @Test func `a port of its own takes the place of the common one`() throws {
        let addresses = "memcached-bind 127.0.0.1 10.0.0.5:99"
        #expect(
            try places("memcached-port 11211", "memcached-tls-port 11212", addresses) == [
                MemcachedOptions.Place(address: "127.0.0.1", port: 11211, securePort: 11212),
                MemcachedOptions.Place(address: "10.0.0.5", port: 99, securePort: 0),
            ]
        )
        #expect(
            try places("memcached-tls-port 11212", addresses)[1]
                == MemcachedOptions.Place(address: "10.0.0.5", port: 0, securePort: 99)
        )
        #expect(try places(addresses).allSatisfy { $0.port == 0 && $0.securePort == 0 })
    }
}
