import Primitives
import Testing

@testable import Persistence

@Suite struct RequestWriterTests {
    private func text(_ body: (inout RequestWriter) -> Void) -> String {
        var writer = RequestWriter()
        body(&writer)
        let taken = writer.take()
        return taken.bytes.string
    }

    @Test func `a request counts its words and their bytes`() {
        let found = text { writer in
            writer.begin("SET")
            writer.word("key")
            writer.word(-17)
            writer.word("")
            writer.end()
            writer.database(12)
        }
        #expect(
            found == "*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\n-17\r\n$0\r\n\r\n"
                + "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n"
        )
    }

    @Test(arguments: [(1, [3]), (64, [66]), (65, [66, 3]), (130, [66, 66, 4])])
    func `items are distributed over requests`(_ count: Int, _ words: [Int]) {
        let found = text { writer in
            for _ in 0..<count {
                writer.item("SADD", Bytes("k"))
                writer.word("m")
            }
            writer.endItems()
            writer.endItems()
        }
        let heads = found.split(separator: "\r\n").filter { $0.hasPrefix("*") }
        #expect(heads == words.map { "*\($0)" })
    }

    @Test func `scores have all their digits`() {
        let found = text { writer in
            writer.begin("ZADD")
            for score in [0.1, 1e300, .infinity, -3] { writer.word(score: score) }
            writer.end()
        }
        let words = found.split(separator: "\r\n").filter { !$0.hasPrefix("$") }.dropFirst(2)
        #expect(words.compactMap { Double($0) } == [0.1, 1e300, .infinity, -3])
    }

    @Test func `functions are loaded by their code`() {
        let found = text { writer in
            Array("#!lua".utf8).withBytes { writer.function($0) }
        }
        #expect(found == "*3\r\n$8\r\nFUNCTION\r\n$4\r\nLOAD\r\n$5\r\n#!lua\r\n")
    }
}
