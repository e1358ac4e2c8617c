import Testing

@testable import apus_benchmark

/// A stream, and the number of its replies and errors.
private struct Sample: CustomTestStringConvertible {
    let stream: String
    let replies: Int
    var errors = 0

    init(_ stream: String, _ replies: Int, errors: Int = 0) {
        self.stream = stream
        self.replies = replies
        self.errors = errors
    }

    var testDescription: String { stream.debugDescription }
}

private let samples = [
    Sample("+OK\r\n", 1),
    Sample("+\r\n", 1),
    Sample(":-1\r\n:5\r\n", 2),
    Sample("-ERR no\r\n+OK\r\n", 2, errors: 1),
    Sample("$3\r\nfoo\r\n", 1),
    Sample("$0\r\n\r\n", 1),
    Sample("$-1\r\n*-1\r\n", 2),
    Sample("$7\r\na\r\n$3\r\n\r\n", 1),
    Sample("*0\r\n%0\r\n~0\r\n", 3),
    Sample("*2\r\n$1\r\na\r\n:1\r\n", 1),
    Sample("*2\r\n*1\r\n*0\r\n*2\r\n+a\r\n$-1\r\n", 1),
    Sample("*2\r\n-ERR inside\r\n+a\r\n", 1),
    Sample("_\r\n#t\r\n,3.25\r\n,inf\r\n(123456789012345678901234567890\r\n", 5),
    Sample("!5\r\nERR x\r\n=7\r\ntxt:abc\r\n", 2, errors: 1),
    Sample("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n", 1),
    Sample("~2\r\n+a\r\n+b\r\n", 1),
    Sample(">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n+OK\r\n", 1),
    Sample(">2\r\n+message\r\n-no error\r\n", 0),
    Sample("|1\r\n+ttl\r\n:10\r\n*1\r\n+a\r\n", 1),
    Sample("*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n", 1),
    Sample("$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n+OK\r\n", 2),
    Sample("*?\r\n:1\r\n*?\r\n+a\r\n.\r\n%1\r\n+k\r\n+v\r\n.\r\n:2\r\n", 2),
    Sample("*1\r\n*?\r\n.\r\n~?\r\n+a\r\n.\r\n", 2),
]

@Suite struct ReplyScannerTests {
    @Test(arguments: samples) fileprivate func `counts what a whole stream holds`(
        _ sample: Sample
    ) throws {
        var scanner = ReplyScanner()
        let count = try scanner.scan(Array(sample.stream.utf8).span)
        #expect(count == sample.replies)
        #expect(scanner.errorCount == sample.errors)
    }

    @Test(arguments: samples) fileprivate func `counts the same if split at any two bytes`(
        _ sample: Sample
    ) throws {
        let bytes = Array(sample.stream.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                var scanner = ReplyScanner()
                var count = try scanner.scan(bytes.span.extracting(0..<first))
                count += try scanner.scan(bytes.span.extracting(first..<second))
                count += try scanner.scan(bytes.span.extracting(second..<bytes.count))
                #expect(count == sample.replies, "cut at \(first) and \(second)")
                #expect(scanner.errorCount == sample.errors)
            }
        }
    }

    @Test func `counts a random mixture that arrives in random pieces`() throws {
        var random = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        var replies = 0
        var errors = 0
        for _ in 0..<2000 {
            let sample = samples[Int.random(in: 0..<samples.count, using: &random)]
            bytes += Array(sample.stream.utf8)
            replies += sample.replies
            errors += sample.errors
        }
        var scanner = ReplyScanner()
        var count = 0
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...40, using: &random))
            count += try scanner.scan(bytes.span.extracting(start..<end))
            start = end
        }
        #expect(count == replies)
        #expect(scanner.replyCount == replies)
        #expect(scanner.errorCount == errors)
    }

    @Test func `keeps the text of the first error only`() throws {
        let bytes = Array("+a\r\n-ERR first\r\n-ERR second\r\n".utf8)
        for cut in 0...bytes.count {
            var scanner = ReplyScanner()
            _ = try scanner.scan(bytes.span.extracting(0..<cut))
            _ = try scanner.scan(bytes.span.extracting(cut..<bytes.count))
            #expect(String(decoding: scanner.errorText, as: UTF8.self) == "ERR first")
        }
    }

    @Test func `keeps a long error's beginning`() throws {
        var scanner = ReplyScanner()
        let stream = "-" + String(repeating: "x", count: 5000) + "\r\n"
        _ = try scanner.scan(Array(stream.utf8).span)
        #expect(scanner.errorText.count == ReplyScanner.errorTextMax)
    }

    @Test(arguments: [
        ("hello\r\n", ReplyScanner.Fault.unknownType(UInt8(ascii: "h"))),
        ("$x\r\n", .badLength),
        ("*99999999999999999999\r\n", .badLength),
        (".\r\n", .strayEnd),
    ]) func `rejects bytes that are not a reply`(_ stream: String, _ fault: ReplyScanner.Fault) {
        var scanner = ReplyScanner()
        #expect(throws: fault) { try scanner.scan(Array(stream.utf8).span) }
    }

    @Test func `nested counts cannot overflow`() {
        var scanner = ReplyScanner()
        let header = Array("%1099511627776\r\n".utf8)
        #expect(throws: ReplyScanner.Fault.badLength) {
            for _ in 0..<2_000_000 { _ = try scanner.scan(header.span) }
        }
    }
}
