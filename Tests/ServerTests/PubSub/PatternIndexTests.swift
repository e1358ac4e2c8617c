import Primitives
import Structures
import Testing

@testable import Server

@Suite struct PatternIndexTests {
    private static let hasher = KeyHasher()

    private static func join(_ index: inout PatternIndex, _ pattern: String, _ worker: Int) -> Bool
    {
        let name = Array(pattern.utf8)
        return index.join(name, name.withBytes { hasher($0).bits }, worker: worker)
    }

    private static func matches(_ index: PatternIndex, _ channel: String) -> [String: Int] {
        var found: [String: Int] = [:]
        Array(channel.utf8).withBytes { channel in
            index.forEachMatch(of: channel) { pattern, _, listeners in
                found[String(decoding: pattern, as: UTF8.self)] = listeners.count
            }
        }
        return found
    }

    @Test(arguments: [
        ("news.*", "news."), ("a?c", "a"), ("[ab]", ""), ("x\\*", "x"), ("all", "all"),
    ])
    func `a pattern's matches share its literal prefix`(pattern: String, prefix: String) {
        let found = Array(pattern.utf8).withBytes { PatternIndex.prefix(of: $0).string }
        #expect(found == prefix)
    }

    @Test func `patterns exist as long as someone is subscribed`() {
        var index = PatternIndex(workers: 3, hasher: Self.hasher)
        let areNew = [("a*", 0), ("a*", 2), ("a*", 2), ("a?", 1)].map {
            Self.join(&index, $0.0, $0.1)
        }
        #expect(areNew == [true, false, false, true])
        #expect(index.count == 2 && index.workers == WorkerSet([0, 1, 2]))
        #expect(Self.matches(index, "ab") == ["a*": 3, "a?": 1])
        #expect(Self.matches(index, "a") == ["a*": 3])
        let name = Array("a*".utf8)
        var isGone = [
            index.leave(name, worker: 2, isLast: false), index.leave(name, worker: 0, isLast: true),
        ]
        #expect(isGone == [false, false])
        #expect(index.workers == WorkerSet([1, 2]))
        isGone = [index.leave(name, worker: 2, isLast: true)]
        #expect(isGone == [true])
        #expect(Self.matches(index, "ab") == ["a?": 1] && index.count == 1)
        isGone = [index.leave(Array("a?".utf8), worker: 1, isLast: true)]
        #expect(isGone == [true])
        #expect(index.count == 0 && index.workers.isEmpty && Self.matches(index, "ab").isEmpty)
    }

    @Test func `the index finds the same patterns as comparing with each`() {
        var index = PatternIndex(workers: 2, hasher: Self.hasher)
        var listening: [String: Int] = [:]
        var random = FastRandom(seed: 3)
        let letters = ["a", "b", "*", "?", "[ab]", "\\a", "ab"]
        func word(_ choices: [String]) -> String {
            (0..<Int(random.next() % 5)).map { _ in
                choices[Int(random.next() % UInt64(choices.count))]
            }.joined()
        }
        for _ in 0..<2_000 {
            let pattern = word(letters)
            if random.next() % 3 == 0, let count = listening[pattern] {
                let isLast = count == 1
                let isGone = index.leave(Array(pattern.utf8), worker: 1, isLast: isLast)
                #expect(isGone == isLast)
                listening[pattern] = isLast ? nil : count - 1
            } else {
                let isNew = Self.join(&index, pattern, 1)
                #expect(isNew == (listening[pattern] == nil))
                listening[pattern, default: 0] += 1
            }
            let channel = word(["a", "b"])
            let expected = listening.filter { pattern, _ in
                Array(pattern.utf8).withBytes { pattern in
                    Array(channel.utf8).withBytes { GlobPattern(pattern).matches($0) }
                }
            }
            #expect(Self.matches(index, channel) == expected)
            #expect(index.count == listening.count)
        }
    }
}
