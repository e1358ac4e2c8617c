import Primitives
import Testing

@testable import Wire

@Suite struct ProtocolGuessTests {
    private func guess(_ text: String) -> ProtocolGuess {
        Array(text.utf8).withBytes { ProtocolGuess($0) }
    }

    @Test(arguments: [
        "*1\r\n$4\r\nPING\r\n", "*", "PING\r\n", "GET a\r\n", "set a b\r\n", "incr a\r\n",
        "ping\r\n", "append a b\r\n", "\r\n", "get\r\n", "config get x\r\n",
    ])
    func `requests of RESP`(text: String) { #expect(guess(text) == .resp) }

    @Test(arguments: [
        "get a\r\n", "get a\n", "set a 0 0 1\r\nx\r\n", "cas a 0 0 1 5\r\n", "incr a 1\r\n",
        "version\r\n", "stats\r\n", "mg a v\r\n", "mn\r\n", "touch a 1\r\n", "quit\r\n",
        "gets a b\r\n", "set a b EX 5\r\n", "flush_all\r\n", "verbosity 1\r\n",
    ])
    func `requests of memcached`(text: String) { #expect(guess(text) == .memcached) }

    @Test func `the magic number of the binary protocol`() {
        #expect([0x80, 0x0A].withBytes { ProtocolGuess($0) } == .memcached)
        #expect([0x81].withBytes { ProtocolGuess($0) } == .resp)
    }

    @Test func `a line that has not ended`() {
        #expect(guess("") == .undecided)
        #expect(guess("get a") == .undecided)
        #expect(guess("set a 0 0 1\r") == .undecided)
        #expect(guess("get " + String(repeating: "k ", count: 2000)) == .memcached)
        #expect(guess(String(repeating: "k", count: 3000)) == .resp)
    }
}
