import Primitives
import Testing

@testable import Server

@Suite struct WatchStreamsTests {
    @Test func `keys are encoded`() {
        var text = ByteBuffer()
        KeyText.append(Bytes("aZ09-._~: %\u{1}"), to: &text)
        let string = text.bytes.string
        #expect(string == "aZ09-._~%3A%20%25%01")
    }

    @Test func `a line has its parts in order`() {
        var line = WatchLine("item_get", number: 7, at: 5_000_042)
        line.add(key: Bytes("a b"))
        line.add("status", "found")
        line.add("size", -1)
        line.end()
        let text = line.bytes.string
        #expect(text == "ts=5.000042 gid=7 type=item_get key=a%20b status=found size=-1\n")
    }

    @Test func `streams have names`() {
        #expect(WatchStreams(named: Bytes("fetchers")) == .fetchers)
        #expect(WatchStreams(named: Bytes("connevents")) == .connections)
        #expect(WatchStreams(named: Bytes("proxyreqs")) == .silent)
        #expect(WatchStreams(named: Bytes("nope")) == nil)
    }
}
