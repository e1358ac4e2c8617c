import Primitives
import Testing

@testable import Wire

@Suite struct ReplyWriterTests {
    private func text(isRESP3: Bool, _ body: (inout ReplyWriter) -> Void) -> String {
        var writer = ReplyWriter(capacity: 16)
        writer.isRESP3 = isRESP3
        body(&writer)
        return writer.buffer.bytes.string
    }

    private func expect(
        _ resp2: String,
        _ resp3: String,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (inout ReplyWriter) -> Void
    ) {
        #expect(text(isRESP3: false, body) == resp2, sourceLocation: sourceLocation)
        #expect(text(isRESP3: true, body) == resp3, sourceLocation: sourceLocation)
    }

    @Test func `plain replies are the same in both protocols`() {
        expect("+OK\r\n", "+OK\r\n") { $0.ok() }
        expect("+a\r\n", "+a\r\n") { $0.simple("a") }
        expect("-ERR a  b\r\n", "-ERR a  b\r\n") { $0.error("ERR a\r\nb") }
        expect("$0\r\n\r\n", "$0\r\n\r\n") { $0.bulk("") }
        expect("$2\r\n\r\n\r\n", "$2\r\n\r\n\r\n") { $0.bulk("\r\n") }
        expect("*0\r\n", "*0\r\n") { $0.array(0) }
    }

    @Test(arguments: [0, 9, 10, -1, Int64.max, .min])
    func `large integers are printed in full`(number: Int64) {
        expect(":\(number)\r\n", ":\(number)\r\n") { $0.integer(number) }
        let digits = String(number)
        expect("$\(digits.utf8.count)\r\n\(digits)\r\n", "$\(digits.utf8.count)\r\n\(digits)\r\n") {
            $0.bulk(decimal: number)
        }
    }

    @Test func `bulk strings of every length are written, alone and in runs`() {
        for count in [0, 1, 2, 3, 4, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 64, 99, 100, 101, 1000] {
            let texts = (0..<5).map { number in
                String(repeating: "\(number)", count: count)
            }
            let expected = texts.map { "$\(count)\r\n\($0)\r\n" }.joined()
            expect(expected, expected) { writer in
                for text in texts { Array(text.utf8).withBytes { writer.bulk($0) } }
            }
            guard count > 0 else { continue }
            expect("+a\r\n\(expected):1\r\n", "+a\r\n\(expected):1\r\n") { writer in
                writer.simple("a")
                Array(texts.joined().utf8).withBytes { writer.bulks($0, width: count) }
                writer.integer(1)
            }
        }
    }

    @Test func `types that only RESP3 has fall back in RESP2`() {
        expect("$-1\r\n", "_\r\n") { $0.null() }
        expect("*-1\r\n", "_\r\n") { $0.nullArray() }
        expect("*4\r\n", "%2\r\n") { $0.map(2) }
        expect("*3\r\n", "~3\r\n") { $0.set(3) }
        expect("*3\r\n", ">3\r\n") { $0.push(3) }
        expect(":1\r\n:0\r\n", "#t\r\n#f\r\n") {
            $0.boolean(true)
            $0.boolean(false)
        }
        expect("$3\r\n1.5\r\n", ",1.5\r\n") { $0.double(1.5) }
        expect("$3\r\ninf\r\n", ",inf\r\n") { $0.double(.infinity) }
        expect("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n") { $0.verbatim("txt", Bytes("hi")) }
    }

    @Test func `a header may be written after its body`() {
        expect("*2\r\n:1\r\n:2\r\n", "*2\r\n:1\r\n:2\r\n") {
            let mark = $0.mark()
            $0.integer(1)
            $0.integer(2)
            $0.array(2, at: mark)
        }
        expect("+x\r\n*2\r\n$1\r\n7\r\n*0\r\n", "+x\r\n*2\r\n$1\r\n7\r\n*0\r\n") {
            $0.simple("x")
            let mark = $0.mark()
            $0.scanHead(7, 0, at: mark)
        }
        expect("*2\r\n:1\r\n:2\r\n", "%1\r\n:1\r\n:2\r\n") {
            let mark = $0.mark()
            $0.integer(1)
            $0.integer(2)
            $0.map(1, at: mark)
        }
    }

    @Test func `a large value is sent by reference`() {
        let block = SharedBlock(capacity: ReplyWriter.referenceBytesMin)
        block.count = ReplyWriter.referenceBytesMin
        var writer = ReplyWriter()
        let mark = writer.mark()
        writer.integer(1)
        writer.bulk(block)
        writer.array(2, at: mark)
        let isHeld = block.isShared
        #expect(isHeld)
        let head = "*2\r\n:1\r\n$16384\r\n"
        let (place, text, total) = (
            writer.references.first?.position, writer.buffer.bytes.string, writer.byteCount
        )
        #expect(place == head.utf8.count)
        #expect(text == head + "\r\n")
        #expect(total == head.utf8.count + 2 + ReplyWriter.referenceBytesMin)
        writer.truncate(to: 0)
        let isHeldStill = block.isShared
        #expect(!isHeldStill)
        block.release()
    }

    @Test func `a small block is copied`() {
        let block = SharedBlock(capacity: 5)
        block.storage.put(Bytes("hello"), 0)
        block.count = 5
        expect("$5\r\nhello\r\n", "$5\r\nhello\r\n") { $0.bulk(block) }
        block.release()
    }
}
