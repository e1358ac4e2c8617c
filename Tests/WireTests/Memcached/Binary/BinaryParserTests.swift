import Primitives
import Testing

@testable import Wire

@Suite struct BinaryParserTests {
    /// A request; `body` is the length that it announces, if that is not the true one.
    private static func request(
        _ opcode: UInt8,
        extras: [UInt8] = [],
        key: String = "",
        value: [UInt8] = [],
        cas: UInt64 = 0,
        body: Int? = nil
    ) -> [UInt8] {
        let length = body ?? extras.count + key.utf8.count + value.count
        var bytes: [UInt8] = [0x80, opcode]
        bytes += [UInt8(key.utf8.count >> 8), UInt8(key.utf8.count & 255)]
        bytes += [UInt8(extras.count), 0, 0, 0]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        bytes += Array("opaq".utf8)
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: cas >> shift))
        }
        return bytes + extras + Array(key.utf8) + value
    }

    private static let storage: [UInt8] = [0, 0, 0, 9, 0, 0, 0, 60]

    private static let bytes: [UInt8] =
        request(0x01, extras: storage, key: "a", value: Array("abc".utf8), cas: 77)
        + request(0x00, key: "a") + request(0x0A) + request(0x30, key: "x", value: [1, 2])
        + request(0x09, key: "bb")
        + request(0x11, extras: storage, key: "big", value: [UInt8](repeating: 7, count: 2000))
        + request(0x05, extras: [UInt8](repeating: 1, count: 20), key: "n")
        + request(0x0E, key: "a", value: [])
        + request(0x1D, extras: [0, 0, 0, 5], key: "a")
        + request(0x21, key: "PLAIN", value: Array("\0u\0p".utf8))
        + request(0x21, key: String(repeating: "m", count: 33), value: [1])
        + request(0x10, key: "items") + request(0x07)

    /// The name, the key and the value of each, with its extras or the status.
    private static let expected: [[String]] = [
        ["binary_set", "a", "abc", "8"], ["binary_get", "a", "", "0"],
        ["binary_noop", "", "", "0"], ["binary_refuse", "", "", "Unknown command"],
        ["binary_get", "bb", "", "0"], ["binary_too_large", "big", "", "8"],
        ["binary_incr", "n", "", "20"], ["binary_append", "a", "", "0"],
        ["binary_touch", "a", "", "4"], ["binary_sasl_auth", "PLAIN", "\0u\0p", "0"],
        ["binary_refuse", "", "", "Invalid arguments"], ["binary_stat", "items", "", "0"],
        ["binary_quit", "", "", "0"],
    ]

    private static func text(_ requests: [[[UInt8]]]) -> [[String]] {
        requests.map { words in
            let strings = words.map { String(decoding: $0, as: UTF8.self) }
            let extras = strings[0] == "binary_refuse" ? strings[3] : "\(words[3].count)"
            return [strings[0], strings[1], strings[4], extras]
        }
    }

    private func feed() -> MemcachedFeed {
        var feed = MemcachedFeed(isBinary: true)
        feed.limits = MemcachedLimits(itemBytesMax: 1024)
        return feed
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
        for byte in Self.bytes { feed.receive([byte]) }
        let requests = Self.text(feed.requests)
        #expect(requests == Self.expected)
    }

    @Test func `a header says what the request said`() throws {
        var feed = feed()
        feed.receive(Self.request(0x01, extras: Self.storage, key: "a", cas: 0x0102_0304_0506_0708))
        let word = try #require(feed.requests.first?[2])
        let header = word.withBytes { BinaryHeader($0) }
        #expect(header.opcode == 1)
        #expect(header.cas == 0x0102_0304_0506_0708)
        #expect(header.partCount == 9 && header.bodyCount == 9)
        var reply = ReplyWriter()
        reply.binaryHead(header, extras: 9, key: Bytes("a"), valueCount: 3, cas: 5)
        let bytes = reply.buffer.bytes.array
        #expect(bytes.count == 24 + 4 + 1)
        #expect(Array(bytes[..<12]) == [0x81, 1, 0, 1, 4, 0, 0, 0, 0, 0, 0, 8])
        #expect(Array(bytes[12..<16]) == Array("opaq".utf8))
        #expect(Array(bytes[16...]) == [0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 9, 0x61])
    }

    @Test(arguments: [
        request(0x00), request(0x01, key: "a"), request(0x04, key: "a", value: [1]),
        request(0x00, key: String(repeating: "k", count: 251)),
        request(0x0A, value: [1]), request(0x08, extras: [1, 2]), request(0x1C, key: "a"),
        request(0x00, key: "abc", body: 2),
    ])
    func `a request of the wrong form is the last one`(bytes: [UInt8]) throws {
        var feed = feed()
        feed.receive(bytes + Self.request(0x0A))
        let words = try #require(feed.requests.first)
        #expect(String(decoding: words[0], as: UTF8.self) == "binary_refuse")
        #expect(!words[4].isEmpty)
        let (count, kept) = (feed.requests.count, feed.keptCount)
        #expect(count == 1 && kept == 0)
    }

    @Test func `bytes that begin no request end the connection`() {
        var feed = feed()
        feed.receive(Self.request(0x0A) + Array("get a\r\n".utf8))
        let (count, hasEnded) = (feed.requests.count, feed.hasEnded)
        #expect(count == 1 && hasEnded)
    }

    @Test func `who has not authenticated may say little`() throws {
        var feed = feed()
        feed.limits.unauthenticated = true
        feed.receive(Self.request(0x0B) + Self.request(0x20) + Self.request(0x00, key: "a"))
        let names = feed.requests.map { String(decoding: $0[0], as: UTF8.self) }
        #expect(names == ["binary_version", "binary_sasl_list", "binary_refuse"])
        let status = feed.requests[2][3].withBytes { BinaryStatus(text: $0) }
        #expect(status == .authenticationFailed)
    }

    @Test func `every opcode has a command, and quiet ones a plain form`() {
        for opcode in BinaryOpcode.allCases {
            #expect(opcode.plain.plain == opcode.plain)
            #expect(opcode.command == opcode.plain.command)
            #expect(!opcode.plain.isQuiet && !opcode.plain.returnsKey)
        }
        let quiet = BinaryOpcode.allCases.filter(\.isQuiet)
        #expect(quiet.count == 14)
    }
}
