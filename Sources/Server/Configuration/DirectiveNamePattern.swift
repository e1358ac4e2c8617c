/// Glob patterns of CONFIG GET, for ASCII names.
enum DirectiveNamePattern {
    /// Whether `name` matches `pattern`: `*`, `?`, `[a-c]`, `[^x]` and `\` as in KEYS.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        matches(Array(pattern.utf8)[...], Array(name.utf8)[...])
    }

    private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var pattern = pattern
        var name = name
        // Where to continue after a mismatch: the last star takes one more byte. That suffices,
        // because an earlier star never needs to take fewer bytes than the first possible match.
        var afterStar: ArraySlice<UInt8>?
        var starName = name
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                afterStar = pattern
                starName = name
            } else if let byte = name.first, takeOne(&pattern, byte) {
                name = name.dropFirst()
            } else if pattern.isEmpty, name.isEmpty {
                return true
            } else {
                guard let afterStar, !starName.isEmpty else { return false }
                starName = starName.dropFirst()
                name = starName
                pattern = afterStar
            }
        }
    }

    /// Consumes the element of `pattern` that stands for a single byte, if it matches `byte`.
    private static func takeOne(_ pattern: inout ArraySlice<UInt8>, _ byte: UInt8) -> Bool {
        var rest = pattern
        guard let first = rest.popFirst() else { return false }
        let isMatch: Bool
        switch first {
        case UInt8(ascii: "?"): isMatch = true
        case UInt8(ascii: "["): isMatch = takeClass(&rest, byte)
        case UInt8(ascii: "\\"): isMatch = (rest.popFirst() ?? first) == byte
        default: isMatch = first == byte
        }
        if isMatch { pattern = rest }
        return isMatch
    }

    private static func takeClass(_ rest: inout ArraySlice<UInt8>, _ byte: UInt8) -> Bool {
        let isNegated = rest.first == UInt8(ascii: "^")
        if isNegated { rest = rest.dropFirst() }
        var isMember = false
        while let lower = rest.popFirst(), lower != UInt8(ascii: "]") {
            if lower == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                isMember = isMember || escaped == byte
            } else if rest.first == UInt8(ascii: "-"), rest.count >= 2 {
                rest = rest.dropFirst()
                let upper = rest.popFirst() ?? lower
                isMember = isMember || (min(lower, upper)...max(lower, upper)).contains(byte)
            } else {
                isMember = isMember || lower == byte
            }
        }
        return isMember != isNegated
    }
}
