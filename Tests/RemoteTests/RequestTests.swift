import Remote
import Testing

@Suite struct RequestTests {
    @Test func `words become an array of bulk strings`() {
        #expect(
            Request.bytes(["SET", "k", ""]) == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n".bytes
        )
        #expect(Request.bytes([[UInt8]]()) == "*0\r\n".bytes)
    }

    @Test func `any byte is preserved`() throws {
        let word = (0...255).map { UInt8($0) }
        var reader = ReplyReader()
        reader.feed(Request.bytes([word, [], word])[...])
        #expect(try reader.next() == .array([.bulk(word), .bulk([]), .bulk(word)]))
    }
}
