import Primitives
import Testing

@testable import Structures

@Suite struct GlobPatternTests {
    private func matches(_ pattern: String, _ text: String, ignoresCase: Bool = false) -> Bool {
        Array(pattern.utf8).withBytes { pattern in
            Array(text.utf8).withBytes {
                GlobPattern(pattern, ignoresCase: ignoresCase).matches($0)
            }
        }
    }

    @Test(arguments: [
        ("", ""), ("*", ""), ("*", "any"), ("a*", "a"), ("a*c", "abbbc"), ("a?c", "abc"),
        ("**a**", "xay"), ("*ab*ab", "abxxabab"), ("[abc]x", "bx"), ("[^abc]x", "dx"),
        ("[a-c]", "b"), ("[c-a]", "b"), ("\\*", "*"), ("[\\]]", "]"), ("a\\", "a\\"), ("[ab", "b"),
    ])
    func `texts match`(pattern: String, text: String) {
        #expect(matches(pattern, text))
    }

    @Test(arguments: [
        ("", "a"), ("a", ""), ("?", ""), ("a*c", "abbb"), ("a?c", "ac"), ("[abc]", "d"),
        ("[^abc]", "a"), ("[a-c]", "d"), ("\\*", "x"), ("abc", "ABC"), ("*a", "ab"), ("[]", "]"),
    ])
    func `texts do not match`(pattern: String, text: String) {
        #expect(!matches(pattern, text))
    }

    @Test func `letters match in either case if requested`() {
        #expect(matches("aB[c-d]*", "AbDx", ignoresCase: true))
        #expect(!matches("aB", "Ab"))
        #expect(matches("[A-Z]", "q", ignoresCase: true))
    }

    @Test func `many stars take at most pattern × text steps`() {
        let pattern = String(repeating: "a*", count: 200) + "b"
        #expect(!matches(pattern, String(repeating: "a", count: 5_000)))
    }
}
