import Primitives
import Testing

@testable import Wire

@Suite struct MemcachedParserTests {
    private static let bytes =
        Array(
            """
            set a 5 0 3\r\nabc\r\nget a bb  c\r\nset a 5 0 3 noreply\r\na\r\n\r\ngets x\r\n\
            cas k 1 2 4 77\r\nabcd\r\ngat 10 a b\r\nincr a 1\r\ndelete a noreply\r\n\
            touch a 5 noreply\r\n\
            append a 0 0 0\r\n\r\nset big 0 0 2000\r\n
            """.utf8
        ) + [UInt8](repeating: 0x79, count: 2000)
        + Array(
            """
            \r\nstats items\r\nfoo\r\n\r\nmg Zm9v b v\r\nms k 2 T5 q\r\nab\r\n\
            md k\r\nmn\r\n
            """.utf8
        )

    private static let expected: [[String]] = [
        ["set", "a", "5", "0", "", "", "abc"],
        ["get", "a"], ["get", "bb"], ["get", "c", "END"],
        ["set", "a", "5", "0", "", "noreply", "a\r\n"],
        ["gets", "x", "END"],
        ["cas", "k", "1", "2", "77", "", "abcd"],
        ["gat", "a", "10"], ["gat", "b", "10", "END"],
        ["incr", "a", "1", ""], ["delete", "a", "noreply"], ["touch", "a", "5", "noreply"],
        ["append", "a", "0", "0", "", "", ""],
        ["set_too_large", "big", "set", ""],
        ["stats", "items"], ["error", "ERROR"], ["error", "ERROR"],
        ["mg", "foo", "b v"], ["ms", "k", "T5 q", "ab"], ["md", "k", ""], ["mn"],
    ]

    private static let limits = MemcachedLimits(itemBytesMax: 1024)

    private func feed() -> MemcachedFeed {
        var feed = MemcachedFeed()
        feed.limits = Self.limits
        return feed
    }

    private static func text(_ requests: [[[UInt8]]]) -> [[String]] {
        requests.map { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test func `requests split at any byte are the same requests`() {
        for cut in 0...Self.bytes.count {
            var feed = feed()
            feed.receive(Self.bytes[..<cut])
            feed.receive(Self.bytes[cut...])
            let (requests, kept) = (Self.text(feed.requests), feed.keptCount)
            #expect(requests == Self.expected, "cut at \(cut)")
            #expect(kept == 0, "cut at \(cut)")
        }
    }

    @Test func `requests that arrive byte by byte are the same requests`() {
        var feed = feed()
        for byte in Self.bytes { feed.receive(CollectionOfOne(byte)) }
        let requests = Self.text(feed.requests)
        #expect(requests == Self.expected)
    }

    @Test(arguments: 1...50)
    func `any bytes in any pieces yield the same requests`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        let parts = ["set ", "get ", "a", " ", "0 ", "5 ", "\r\n", "\n", "-1", "noreply", "cas "]
        var bytes: [UInt8] = []
        for _ in 0..<400 {
            if random.below(8) == 0 {
                bytes.append(UInt8(random.below(256)))
            } else {
                bytes += Array(parts[random.below(parts.count)].utf8)
            }
        }
        var whole = feed()
        whole.receive(bytes)
        var pieces = feed()
        var position = 0
        while position < bytes.count {
            let end = min(position + random.below(9) + 1, bytes.count)
            pieces.receive(bytes[position..<end])
            position = end
        }
        let (expected, found) = (whole.requests, pieces.requests)
        #expect(expected == found)
    }

    @Test func `a value received elsewhere completes its request`() {
        var parser = MemcachedParser()
        var line = ByteBuffer()
        line.append("set key 7 0 100000 noreply\r\nxx")
        var words = ArgumentVector()
        var position = 0
        _ = parser.next(line.cell, line.count, &position, MemcachedLimits(), into: &words)
        let (ahead, lineBytes) = (parser.valueAhead, parser.headByteCount)
        #expect(ahead == 100_000 && lineBytes == line.count - 2 && position == 0)
        let command = parser.complete(line.cell, Bytes("value"), isWhole: true, into: &words)
        let arguments = words.arguments(0, words.count)
        let found = (0..<words.count).map { arguments[$0].string }
        #expect(command == .set && found == ["set", "key", "7", "0", "", "noreply", "value"])
    }

    @Test func `an endless line is no request, unless it retrieves`() {
        var feed = MemcachedFeed()
        feed.receive([UInt8](repeating: 0x78, count: 3000))
        let ended = feed.hasEnded
        #expect(ended)
        var retrieval = MemcachedFeed()
        retrieval.receive(Array("get ".utf8) + [UInt8](repeating: 0x78, count: 3000))
        let retrievalEnded = retrieval.hasEnded
        #expect(!retrievalEnded)
    }

    @Test func `who has to authenticate can do nothing else`() {
        var feed = MemcachedFeed()
        feed.limits.unauthenticated = true
        feed.receive("get a\r\nset x 0 0 6\r\nme you\r\nset x 0 0 9999\r\n".utf8)
        let requests = Self.text(feed.requests)
        #expect(
            requests == [
                ["error", "CLIENT_ERROR unauthenticated"], ["authenticate", "me you"],
                ["error", "CLIENT_ERROR authentication failure"],
            ]
        )
    }

    @Test func `the largest item is as large as memcached's`() {
        let limits = MemcachedLimits()
        #expect(limits.allowsItem(key: 3, value: 1_048_514, hasFlags: false))
        #expect(!limits.allowsItem(key: 3, value: 1_048_515, hasFlags: false))
        #expect(limits.allowsItem(key: 3, value: 1_048_510, hasFlags: true))
        #expect(!limits.allowsItem(key: 3, value: 1_048_511, hasFlags: true))
    }
}
