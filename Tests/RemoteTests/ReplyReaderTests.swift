import Remote
import Testing

@Suite struct ReplyReaderTests {
    /// Every type, nested and empty, with the reply it is parsed as.
    static let samples: [(String, Reply)] = [
        ("+OK\r\n", .status("OK".bytes)), ("+\r\n", .status([])),
        ("-ERR no\r\n", .error("ERR no".bytes)), ("!5\r\nE\r\nxy\r\n", .error("E\r\nxy".bytes)),
        (":-42\r\n", .integer(-42)), (":9223372036854775807\r\n", .integer(.max)),
        ("$0\r\n\r\n", .bulk([])), ("$6\r\na\r\nb\r\n\r\n", .bulk("a\r\nb\r\n".bytes)),
        ("$-1\r\n", .null), ("*-1\r\n", .null), ("_\r\n", .null), ("%-1\r\n", .null),
        (",1.50\r\n", .double("1.50".bytes)), (",-inf\r\n", .double("-inf".bytes)),
        (",nan\r\n", .double("nan".bytes)), ("#t\r\n", .boolean(true)), ("#f\r\n", .boolean(false)),
        ("(123456789012345678901\r\n", .bigNumber("123456789012345678901".bytes)),
        ("=8\r\ntxt:a\r\nb\r\n", .verbatim(format: "txt".bytes, "a\r\nb".bytes)),
        ("*0\r\n", .array([])), ("~0\r\n", .set([])), ("%0\r\n", .map([])), (">0\r\n", .push([])),
        ("*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", .array([.integer(1), .array([.bulk("x".bytes)])])),
        ("~1\r\n%1\r\n+k\r\n*0\r\n", .set([.map([.status("k".bytes), .array([])])])),
        (">2\r\n+a\r\n_\r\n", .push([.status("a".bytes), .null])),
        ("|1\r\n+key\r\n*1\r\n:1\r\n:7\r\n", .integer(7)), ("|0\r\n:7\r\n", .integer(7)),
        ("*2\r\n|1\r\n+key\r\n:1\r\n:7\r\n:8\r\n", .array([.integer(7), .integer(8)])),
    ]

    private static func read(_ pieces: [ArraySlice<UInt8>]) throws -> [Reply] {
        var reader = ReplyReader()
        var replies: [Reply] = []
        for piece in pieces {
            reader.feed(piece)
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }

    @Test(arguments: samples.map(\.0)) func `each type is read`(_ text: String) throws {
        let expected = try #require(Self.samples.first { $0.0 == text }?.1)
        #expect(try Self.read([text.bytes[...]]) == [expected])
    }

    @Test func `a stream cut at any byte gives the same replies`() throws {
        let bytes = Self.samples.flatMap { $0.0.bytes }
        let expected = Self.samples.map(\.1)
        for cut in bytes.indices {
            #expect(try Self.read([bytes[..<cut], bytes[cut...]]) == expected)
        }
        #expect(try Self.read(bytes.indices.map { bytes[$0...$0] }) == expected)
    }

    @Test func `an unfinished reply is not a reply`() throws {
        for (text, _) in Self.samples {
            for cut in 0..<text.bytes.count {
                #expect(try Self.read([text.bytes[..<cut]]).isEmpty)
            }
        }
    }

    @Test func `many replies in large pieces are read, and the remaining bytes are kept`() throws {
        let one = "*2\r\n$1000\r\n\(String(repeating: "v", count: 1000))\r\n:5\r\n".bytes
        let bytes = [[UInt8]](repeating: one, count: 500).flatMap { $0 }
        let pieces = stride(from: 0, to: bytes.count, by: 65521).map {
            bytes[$0..<min($0 + 65521, bytes.count)]
        }
        let replies = try Self.read(pieces)
        #expect(replies.count == 500)
        #expect(Set(replies.map { $0.elements?.count }) == [2])
    }

    @Test(arguments: [
        "?\r\n", "x", ":abc\r\n", ":\r\n", "#x\r\n", ",abc\r\n", "_x\r\n", "$abc\r\n", "$-2\r\n",
        "*x\r\n", "*-2\r\n", "%9999999999999\r\n", "=3\r\nabc\r\n", "=4\r\nabcd\r\n",
        String(repeating: "*1\r\n", count: 129),
    ]) func `bytes that are not RESP are reported`(_ text: String) {
        #expect(throws: RemoteFailure.self) { try Self.read([text.bytes[...]]) }
    }

    @Test func `a wrong type byte is reported`() {
        #expect(
            throws: RemoteFailure.protocolBreach("Protocol error, got \"\\x01\" as reply type byte")
        ) {
            try Self.read([[1]])
        }
    }

    @Test func `a reply can be viewed in parts`() {
        #expect(Reply.bulk("12".bytes).number == 12 && Reply.integer(3).number == 3)
        #expect(Reply.array([]).number == nil && Reply.null.stringBytes == nil)
        #expect(Reply.error("E".bytes).errorText == "E".bytes)
        #expect(Reply.map([.null, .null]).elements?.count == 2)
    }
}
