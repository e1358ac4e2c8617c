import Glibc
import Primitives
import Testing

@testable import Wire

/// Random and damaged streams: whatever comes, the parsers neither trap nor stand still nor read
/// beyond the bytes, and how a stream is cut makes no difference.
///
/// `APUS_FUZZ_INPUTS` sets the number of streams, and `APUS_FUZZ_SEED` the first of the seeds.
@Suite struct MemcachedFuzzTests {
    /// A generator of streams.
    private struct Streams {
        var random: FastRandom

        private mutating func one<Element>(_ of: [Element]) -> Element {
            of[random.below(of.count)]
        }

        private mutating func number() -> String {
            switch random.below(12) {
            case 0: "-1"
            case 1: "4294967296"
            case 2: "18446744073709551615"
            case 3: "99999999999999999999999"
            case 4: "2147483647"
            case 5: ""
            case 6: "1x"
            default: "\(random.below(40))"
            }
        }

        private mutating func key() -> String {
            switch random.below(8) {
            case 0: String(repeating: "k", count: 249 + random.below(4))
            case 1: "Zm9v"
            case 2: ""
            case 3: "\u{1}\u{7f}ü"
            default: one(["a", "bb", "ccc"])
            }
        }

        private mutating func metaFlags() -> String {
            (0..<random.below(random.below(20) == 0 ? 24 : 5)).map { _ in
                one(["b", "v", "c", "q", "k", "I", "x", "O12", "MS", "MA", "T", "C", "N", "F1"])
                    + (random.below(3) == 0 ? number() : "")
            }.joined(separator: " ")
        }

        private mutating func textRequest() -> [UInt8] {
            let end = random.below(6) == 0 ? "\n" : "\r\n"
            let quiet = random.below(3) == 0 ? " noreply" : ""
            let length = random.below(4) == 0 ? random.below(200) : random.below(20)
            let value = (0..<length).map { _ in UInt8(random.below(256)) }
            let shown = random.below(8) == 0 ? number() : "\(length)"
            var line: String
            switch random.below(10) {
            case 0:
                line = one(["get ", "gets ", "gat 5 ", "gats x "])
                for _ in 0..<random.below(6) { line += key() + one([" ", "  "]) }
            case 1, 2:
                line = one(["set", "add", "replace", "append", "prepend"])
                line += " \(key()) \(number()) \(number()) \(shown)\(quiet)" + end
                return Array(line.utf8) + value + Array("\r\n".utf8)
            case 3:
                line = "cas \(key()) \(number()) 0 \(shown) \(number())\(quiet)" + end
                return Array(line.utf8) + value + Array("\r\n".utf8)
            case 4, 5:
                line = "ms \(key()) \(shown) \(metaFlags())" + end
                return Array(line.utf8) + value + Array("\r\n".utf8)
            case 6: line = "\(one(["mg", "md", "ma", "me", "mn"])) \(key()) \(metaFlags())"
            case 7: line = "\(one(["incr", "decr", "touch"])) \(key()) \(number())\(quiet)"
            case 8: line = "delete \(key()) \(one(["", "0", "1"]))\(quiet)"
            default:
                line = one([
                    "stats items", "flush_all 1", "version", "lru_crawler metadump all", "quit",
                    "GET / HTTP/1.1", " ", "verbosity 1 2 3 4 5 6 7 8 9", "watch fetchers", "no",
                ])
            }
            return Array((line + end).utf8)
        }

        private mutating func binaryRequest() -> [UInt8] {
            let opcode = random.below(5) == 0 ? random.below(256) : random.below(0x25)
            let extras = random.below(3) == 0 ? random.below(24) : one([0, 4, 8, 20])
            let (key, value) = (random.below(6), random.below(3) == 0 ? random.below(200) : 0)
            var body = extras + key + value
            if random.below(10) == 0 { body = random.below(3) == 0 ? 1 << 30 : random.below(300) }
            var bytes: [UInt8] = [
                0x80, UInt8(opcode), 0, UInt8(key), UInt8(extras), 0, 0, 0,
                UInt8(body >> 24), UInt8(body >> 16 & 255), UInt8(body >> 8 & 255),
                UInt8(body & 255),
            ]
            while bytes.count < 24 + extras + key + value { bytes.append(UInt8(random.below(256))) }
            return bytes
        }

        private mutating func damage(_ bytes: inout [UInt8]) {
            for _ in 0...random.below(4) where !bytes.isEmpty {
                let place = random.below(bytes.count)
                switch random.below(5) {
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8(random.below(256)), at: place)
                case 3: bytes.removeSubrange(place...)
                default: bytes[place] ^= 1 << UInt8(random.below(8))
                }
            }
        }

        mutating func next(isBinary: Bool) -> [UInt8] {
            var bytes: [UInt8] = []
            if random.below(20) == 0 {
                bytes = (0..<random.below(120)).map { _ in UInt8(random.below(256)) }
                if isBinary, !bytes.isEmpty { bytes[0] = 0x80 }
                return bytes
            }
            for _ in 0...random.below(4) {
                bytes += isBinary ? binaryRequest() : textRequest()
            }
            if random.below(2) == 0 { damage(&bytes) }
            return bytes
        }
    }

    private struct Result: Equatable {
        let requests: [[[UInt8]]]
        let hasEnded: Bool
    }

    private static func parse(
        _ bytes: [UInt8],
        isBinary: Bool,
        isUnknown: Bool,
        cuts: some Sequence<Int>,
        blockBytesMin: Int = .max
    ) -> Result {
        var feed = MemcachedFeed(isBinary: isBinary)
        feed.limits = MemcachedLimits(itemBytesMax: 256, unauthenticated: isUnknown)
        // What clients that must authenticate send is never that large.
        if !isUnknown { feed.blockBytesMin = blockBytesMin }
        var start = 0
        for end in cuts {
            feed.receive(bytes[start..<end])
            start = end
        }
        feed.receive(bytes[start...])
        return Result(requests: feed.requests, hasEnded: feed.hasEnded)
    }

    private static func number(_ name: String) -> Int? {
        // SAFETY: the text of the environment stays as long as the process.
        unsafe getenv(name).flatMap { unsafe Int(String(cString: $0)) }
    }

    @Test func `streams cut anywhere, or byte by byte, are the same requests`() {
        let inputs = Self.number("APUS_FUZZ_INPUTS") ?? 3000
        let seed = Self.number("APUS_FUZZ_SEED") ?? 1
        var streams = Streams(random: FastRandom(seed: UInt64(seed)))
        for input in 0..<inputs {
            let isBinary = input % 3 == 0
            let isUnknown = input % 16 == 5
            let bytes = streams.next(isBinary: isBinary)
            let whole = Self.parse(bytes, isBinary: isBinary, isUnknown: isUnknown, cuts: [])
            let cut = streams.random.below(bytes.count + 1)
            var others = [([cut], Int.max), ([cut], 1)]
            // This takes as long as the others together.
            if input % 4 < 2 { others.append((Array(bytes.indices), 8)) }
            for (cuts, block) in others {
                let other = Self.parse(
                    bytes,
                    isBinary: isBinary,
                    isUnknown: isUnknown,
                    cuts: cuts,
                    blockBytesMin: block
                )
                guard other != whole else { continue }
                Issue.record(
                    "input \(input), seed \(seed), cut at \(cut), blocks \(block): \(bytes)"
                )
                return
            }
        }
    }
}
