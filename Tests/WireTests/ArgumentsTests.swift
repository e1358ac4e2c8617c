import Primitives
import Testing

@testable import Wire

@Suite struct ArgumentsTests {
    @Test func `words stay as the vector grows, and are removed when it is truncated`() {
        var vector = ArgumentVector(capacity: 1)
        for _ in 0..<5_000 { vector.append(Bytes("word")) }
        let last = vector.arguments(4_998, 2)
        #expect(last.count == 2)
        #expect(last[1].string == "word")
        vector.truncate(to: 3)
        #expect(vector.count == 3)
        vector.truncate(to: 0)
        #expect(vector.count == 0)
        vector.append(Bytes("again"))
        #expect(vector.arguments(0, 1)[0].string == "again")
    }

    @Test func `the words from an index on can be used as words`() {
        var vector = ArgumentVector()
        for word: StaticString in ["a", "b", "c"] { vector.append(Bytes(word)) }
        let rest = vector.arguments(0, 3).dropFirst(1)
        #expect(rest.count == 2)
        #expect(rest[0].string == "b")
    }
}
