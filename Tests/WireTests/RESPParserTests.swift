import Primitives
import Testing

@testable import Wire

@Suite struct RESPParserTests {
    private static let requests: [[[UInt8]]] = [
        words("PING"), words("SET", "key", "value"), words("GET", ""), [[0, 13, 10, 255], [10]],
        words("a", "b", "c", "d", "e", "f", "g", "h", "i"),
        words("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"),
        [Array("SET".utf8), Array("k".utf8), [UInt8](repeating: 0x78, count: 12_345)],
        words("SET", "$3", "*1\r\n$4\r\nPING\r\n"),
    ]

    @Test func `requests split at any byte are the same requests`() {
        let small = Self.requests.filter { $0.joined().count < 200 }
        let bytes = small.flatMap(framed) + Array("inline  \"two words\" x\r\n".utf8)
        let expected = small + [words("inline", "two words", "x")]
        for cut in 0...bytes.count {
            var feed = RequestFeed()
            feed.receive(bytes[..<cut])
            feed.receive(bytes[cut...])
            let (requests, failure, kept) = (feed.requests, feed.failure, feed.keptCount)
            #expect(requests == expected, "cut at \(cut)")
            #expect(failure == nil && kept == 0, "cut at \(cut)")
        }
    }

    @Test func `requests that arrive byte by byte are the same requests`() {
        let bytes = Self.requests.flatMap(framed)
        var feed = RequestFeed()
        for byte in bytes { feed.receive(CollectionOfOne(byte)) }
        let requests = feed.requests
        #expect(requests == Self.requests)
    }

    @Test(arguments: 1...20)
    func `splitting random requests at random changes nothing`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        var expected: [[[UInt8]]] = []
        var bytes: [UInt8] = []
        for _ in 0..<100 {
            let request = (0..<random.below(12) + 1).map { _ in
                (0..<random.below([3, 30, 300, 12_000][random.below(4)])).map { _ in
                    UInt8(random.below(256))
                }
            }
            expected.append(request)
            bytes += framed(request)
        }
        var feed = RequestFeed()
        var position = 0
        while position < bytes.count {
            let most = [2, 50, 70_000][random.below(3)]
            let end = min(position + random.below(most) + 1, bytes.count)
            feed.receive(bytes[position..<end])
            position = end
        }
        let (requests, kept) = (feed.requests, feed.keptCount)
        #expect(requests == expected)
        #expect(kept == 0)
    }

    @Test(arguments: 1...20)
    func `invalid requests are rejected or understood the same way, split or whole`(seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        for _ in 0..<200 {
            var bytes = Self.requests[random.below(5)...].prefix(2).flatMap(framed)
            for _ in 0..<random.below(3) + 1 {
                let place = random.below(min(bytes.count, 60))
                switch random.below(4) {
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array("*$\r\n9-".utf8)[random.below(6)], at: place)
                default: bytes.swapAt(place, random.below(min(bytes.count, 60)))
                }
            }
            var whole = RequestFeed()
            whole.receive(bytes)
            var cut = RequestFeed()
            for byte in bytes { cut.receive(CollectionOfOne(byte)) }
            let (left, right) = (whole.requests, cut.requests)
            let (leftEnd, rightEnd) = (whole.failure, cut.failure)
            #expect(left == right)
            #expect(leftEnd == rightEnd)
        }
    }

    @Test(arguments: [
        ("*2147483648\r\n", ProtocolFailure.badCount), ("*x\r\n", .badCount), ("*\r\n", .badCount),
        ("*1\r\n+1\r\n", .expectedLength(got: 0x2B)), ("*1\r\n$-1\r\n", .badLength),
        ("*1\r\n$536870913\r\n", .badLength), ("*1\r\n$1x\r\n", .badLength),
        ("set \"a\r\n", .unbalancedQuotes), ("set 'a'b\r\n", .unbalancedQuotes),
    ])
    func `errors are reported`(text: String, failure: ProtocolFailure) {
        var feed = RequestFeed()
        feed.receive(text.utf8)
        let told = feed.failure
        #expect(told == failure)
    }

    @Test func `lines have a maximum length`() {
        let cases: [(String, ProtocolFailure)] = [
            ("", .bigInlineRequest), ("*", .bigCountLine), ("*1\r\n$", .bigLengthLine),
        ]
        for (head, failure) in cases {
            var feed = RequestFeed()
            feed.receive(head.utf8)
            for _ in 0..<17 { feed.receive(repeatElement(0x31, count: 4096)) }
            let told = feed.failure
            #expect(told == failure)
        }
    }

    @Test func `unauthenticated clients have strict limits`() {
        let cases: [(String, ProtocolFailure)] = [
            ("*11\r\n", .unauthenticatedCount), ("*1\r\n$16385\r\n", .unauthenticatedLength),
        ]
        for (text, failure) in cases {
            var feed = RequestFeed()
            feed.limits = RequestLimits(unauthenticated: true)
            feed.receive(text.utf8)
            let told = feed.failure
            #expect(told == failure)
        }
    }

    @Test func `empty lines and arrays are passed over`() {
        var feed = RequestFeed()
        feed.receive("\r\n*0\r\n*-1\r\n\n PING \n".utf8)
        let requests = feed.requests
        #expect(requests == [words("PING")])
    }
}
