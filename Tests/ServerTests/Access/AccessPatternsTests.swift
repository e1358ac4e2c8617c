import Primitives
import Structures
import Testing

@testable import Server

@Suite struct AccessPatternsTests {
    private func patterns(_ texts: [String]) -> AccessPatterns {
        var patterns = AccessPatterns()
        for text in texts { patterns.add(Array(text.utf8), .all) }
        patterns.settle()
        return patterns
    }

    private func allow(
        _ patterns: AccessPatterns,
        _ word: String,
        _ rights: AccessPatterns.Rights = .all
    ) -> Bool {
        Array(word.utf8).withBytes { patterns.allow($0, rights) }
    }

    @Test func `a pattern added again gets more rights and keeps its place`() {
        var patterns = AccessPatterns()
        patterns.add(Array("a*".utf8), .read)
        patterns.add(Array("b".utf8), .write)
        patterns.add(Array("a*".utf8), .write)
        patterns.settle()
        #expect(patterns.list.map(\.rights) == [.all, .write])
        #expect(allow(patterns, "ax") && !allow(patterns, "b") && allow(patterns, "b", .write))
        #expect(allow(patterns, "b", []), "no right in particular is any right")
    }

    @Test func `a pattern finds itself when requested by name`() {
        let patterns = patterns((0..<40).map { "news:\($0):*" } + ["*", "[a", "plain"])
        for text in ["news:7:*", "*", "[a", "plain"] {
            #expect(Array(text.utf8).withBytes { patterns.contains($0) })
        }
        for text in ["news:7:", "news:40:*", "?", "", "plai"] {
            #expect(!Array(text.utf8).withBytes { patterns.contains($0) })
        }
    }

    /// Compares indexed lookups with trying all patterns, around the number at which lookups start.
    @Test(arguments: [1, 16, 17, 18, 100, 1000])
    func `many patterns allow whatever any of them allows`(_ count: Int) {
        var random = SystemRandomNumberGenerator()
        let letters = Array("ab*?[]\\^-".utf8)
        func word(_ letters: [UInt8]) -> [UInt8] {
            (0..<Int.random(in: 0...5, using: &random)).map { _ in
                letters[Int.random(in: 0..<letters.count, using: &random)]
            }
        }
        let texts = (0..<count).map { _ in word(letters) }
        var patterns = AccessPatterns()
        for (index, text) in texts.enumerated() {
            patterns.add(text, index.isMultiple(of: 3) ? .read : .all)
        }
        patterns.settle()
        for _ in 0..<500 {
            let key = word(Array("ab-".utf8))
            for rights in [AccessPatterns.Rights.read, .write, []] {
                let expected = patterns.list.contains { pattern in
                    pattern.rights.isSuperset(of: rights)
                        && pattern.text.withBytes { text in
                            key.withBytes { GlobPattern(text).matches($0) }
                        }
                }
                #expect(key.withBytes { patterns.allow($0, rights) } == expected)
            }
        }
    }
}
