import Primitives
import Store
import Testing

@testable import Commands
@testable import Wire

@Suite struct CommandContextBlockingTests {
    private func deadline(_ word: StaticString, now: Int64 = 1_000_000) throws -> Int64 {
        var context = CommandContext(keyspace: Keyspace(databases: 1, workers: 1), seed: 1)
        context.now = now
        return try context.deadline(seconds: Bytes(word))
    }

    @Test func `timeouts are rounded up to milliseconds`() throws {
        #expect(try deadline("1") == 1_001_000)
        #expect(try deadline("0.5") == 1_000_500)
        #expect(try deadline("0.0001") == 1_000_001)
        #expect(try deadline("1e-9") == 1_000_001)
        #expect(try deadline("1e3") == 2_000_000)
    }

    @Test func `zero means forever`() throws {
        #expect(try deadline("0") == .max)
        #expect(try deadline("0.0") == .max)
        #expect(try deadline("-0") == .max)
    }

    @Test func `bad timeouts are refused`() {
        let words = ["x", "nan", "-1", "-0.001", "inf", "-inf", "1e400", "9223372036854776"]
        let texts = words.map { word in
            Words.error("BLPOP k \(word)") { arguments throws(CommandError) in
                var context = CommandContext(keyspace: Keyspace(databases: 1, workers: 1), seed: 1)
                context.now = 1_000_000
                _ = try context.deadline(seconds: arguments[2])
            }
        }
        let none = "ERR timeout is not a float or out of range"
        let negative = "ERR timeout is negative"
        let range = "ERR timeout is out of range"
        #expect(texts == [none, none, negative, negative, range, negative, range, range])
    }

    @Test func `a deadline that overflows is refused`() {
        #expect(throws: CommandError.self) {
            _ = try deadline("9223372036854775")
        }
    }

    @Test func `resolved words replace words of the request`() {
        var resolved = ResolvedWords()
        #expect(resolved.isEmpty)
        var text = ByteBuffer()
        text.append("17-3")
        resolved.append(2, text)
        Words.lend("XREAD k $ end") { arguments in
            resolved.withWords(arguments) { words in
                let texts = (0..<words.count).map { words[$0].string }
                #expect(texts == ["XREAD", "k", "17-3", "end"])
            }
        }
    }
}

extension Words {
    /// Calls `body`, which doesn't throw, with the words of `line`.
    fileprivate static func lend(_ line: String, _ body: (Arguments) -> Void) {
        try? with(line) { arguments throws(CommandError) in body(arguments) }
    }
}
