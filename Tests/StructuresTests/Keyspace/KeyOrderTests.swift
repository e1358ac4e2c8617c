import Primitives
import Testing

@testable import Structures

@Suite struct KeyOrderTests {
    private func check(_ keys: [UInt64]) {
        var items = keys.enumerated().map {
            KeyOrder.Item(key: $0.element, position: UInt32($0.offset))
        }
        KeyOrder.sort(&items)
        let expected = keys.enumerated().sorted {
            ($0.element, $0.offset) < ($1.element, $1.offset)
        }
        #expect(items.map(\.key) == expected.map(\.element))
        #expect(items.map { Int($0.position) } == expected.map(\.offset))
    }

    @Test func `keys are sorted, equal ones keep their order`() {
        var random = FastRandom(seed: 3)
        for count in [0, 1, 2, 63, 64, 65, 300, 5000] {
            for bits in [0, 1, 8, 20, 64] as [UInt64] {
                check((0..<count).map { _ in bits == 0 ? 7 : random.next() >> (64 - bits) })
                check((0..<count).map { _ in bits == 0 ? 0 : random.next() << (64 - bits) })
            }
        }
    }

    @Test func `numbers and texts have keys in their order`() {
        let numbers = [-Double.infinity, -1e300, -2, -1, -1e-300, 0, 1e-300, 0.5, 1, 2, .infinity]
        for (left, right) in zip(numbers, numbers.dropFirst()) {
            #expect(KeyOrder.key(left) < KeyOrder.key(right))
        }
        #expect(KeyOrder.key(-0.0) == KeyOrder.key(0))
        let texts: [StaticString] = ["", "\u{0}", "a", "a\u{1}", "ab", "abcdefgh", "abcdefgi"]
        for (left, right) in zip(texts, texts.dropFirst()) {
            #expect(KeyOrder.key(Bytes(left)) <= KeyOrder.key(Bytes(right)))
        }
        #expect(KeyOrder.key(Bytes("abcdefgh")) == KeyOrder.key(Bytes("abcdefghi")))
    }
}
