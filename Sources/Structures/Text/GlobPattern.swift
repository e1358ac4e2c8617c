public import Primitives

/// A glob pattern, as for KEYS and SCAN: `*`, `?`, `[a-c^…]`, and `\` to escape a character.
///
/// Complexity of a match: O(pattern × text) at worst, as it backtracks only to the last `*`.
///
/// Source: the glob style that Redis documents for KEYS.
public struct GlobPattern {
    private let pattern: Bytes
    /// Whether matching ignores the case of letters.
    private let ignoresCase: Bool

    /// Creates a pattern; the bytes are borrowed for the lifetime of this value.
    public init(_ pattern: Bytes, ignoresCase: Bool = false) {
        self.pattern = pattern
        self.ignoresCase = ignoresCase
    }

    /// Whether all of `text` matches.
    public func matches(_ text: Bytes) -> Bool {
        var at = 0
        var index = 0
        var starAt: Int?
        var starIndex = 0
        while index < text.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                starAt = at
                starIndex = index
                at += 1
                continue
            }
            if at < pattern.count, let next = step(at, text[index]) {
                at = next
                index += 1
                continue
            }
            guard let star = starAt else { return false }
            at = star + 1
            starIndex += 1
            index = starIndex
        }
        while at < pattern.count, pattern[at] == UInt8(ascii: "*") { at += 1 }
        return at == pattern.count
    }

    /// The index after the pattern element at `at` if that matches `byte`, or nil.
    private func step(_ at: Int, _ byte: UInt8) -> Int? {
        switch pattern[at] {
        case UInt8(ascii: "?"): return at + 1
        case UInt8(ascii: "["): return stepClass(at + 1, byte)
        case UInt8(ascii: "\\") where at + 1 < pattern.count:
            return fold(pattern[at + 1]) == fold(byte) ? at + 2 : nil
        case let letter: return fold(letter) == fold(byte) ? at + 1 : nil
        }
    }

    /// As `step`, for a character class whose `[` is just before `start`.
    ///
    /// An unterminated class extends to the end of the pattern.
    private func stepClass(_ start: Int, _ byte: UInt8) -> Int? {
        var at = start
        let isNegated = at < pattern.count && pattern[at] == UInt8(ascii: "^")
        if isNegated { at += 1 }
        var found = false
        while at < pattern.count, pattern[at] != UInt8(ascii: "]") {
            if pattern[at] == UInt8(ascii: "\\"), at + 1 < pattern.count {
                at += 1
                if pattern[at] == byte { found = true }
            } else if at + 2 < pattern.count, pattern[at + 1] == UInt8(ascii: "-") {
                let low = fold(min(pattern[at], pattern[at + 2]))
                let high = fold(max(pattern[at], pattern[at + 2]))
                if fold(byte) >= low, fold(byte) <= high { found = true }
                at += 2
            } else if fold(pattern[at]) == fold(byte) {
                found = true
            }
            at += 1
        }
        guard found != isNegated else { return nil }
        return min(at + 1, pattern.count)
    }

    private func fold(_ byte: UInt8) -> UInt8 {
        ignoresCase && byte &- UInt8(ascii: "A") < 26 ? byte + 0x20 : byte
    }
}
