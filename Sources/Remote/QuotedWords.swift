/// How people write words with quotes, and how bytes are shown to them.
///
/// ```text
/// "…"   \n \r \t \b \a \xHH, any other \c is c
/// '…'   \' is a quote, all else stands for itself
/// ```
public enum QuotedWords {
    private static let backslash = UInt8(ascii: "\\")

    /// The words of `line`, or nil if a quote is not closed or is followed by more than a space.
    public static func split(_ line: [UInt8]) -> [[UInt8]]? {
        var words: [[UInt8]] = []
        var rest = line[...]
        while true {
            rest = rest.drop(while: isSpace)
            guard let first = rest.first, first != 0 else { return words }
            guard let word = takeWord(&rest) else { return nil }
            words.append(word)
        }
    }

    /// `text` as a reader must type it: in double quotes, with escapes.
    public static func quoted(_ text: [UInt8]) -> [UInt8] {
        var shown: [UInt8] = [UInt8(ascii: "\"")]
        shown.reserveCapacity(text.count + 2)
        for byte in text {
            switch byte {
            case backslash, UInt8(ascii: "\""): shown += [backslash, byte]
            case UInt8(ascii: "\n"): shown += "\\n".utf8
            case UInt8(ascii: "\r"): shown += "\\r".utf8
            case UInt8(ascii: "\t"): shown += "\\t".utf8
            case 7: shown += "\\a".utf8
            case 8: shown += "\\b".utf8
            case 0x20...0x7e: shown.append(byte)
            default: shown += "\\x".utf8 + [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            }
        }
        shown.append(UInt8(ascii: "\""))
        return shown
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (9...13).contains(byte)
    }

    /// Takes the word that `rest` begins with; nil if a quote in it is wrong.
    private static func takeWord(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var word: [UInt8] = []
        while let byte = rest.first {
            switch byte {
            case 0x20, UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), 0: return word
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                rest.removeFirst()
                let isTaken =
                    byte == UInt8(ascii: "'")
                    ? takeSingle(&rest, into: &word) : takeDouble(&rest, into: &word)
                // A closing quote ends the word.
                guard isTaken, rest.first.map(isSpace) ?? true else { return nil }
                return word
            default:
                word.append(byte)
                rest.removeFirst()
            }
        }
        return word
    }

    private static func takeSingle(
        _ rest: inout ArraySlice<UInt8>,
        into word: inout [UInt8]
    ) -> Bool {
        while let byte = rest.popFirst() {
            if byte == backslash, rest.first == UInt8(ascii: "'") {
                word.append(UInt8(ascii: "'"))
                rest.removeFirst()
            } else if byte == UInt8(ascii: "'") {
                return true
            } else {
                word.append(byte)
            }
        }
        return false
    }

    private static func takeDouble(
        _ rest: inout ArraySlice<UInt8>,
        into word: inout [UInt8]
    ) -> Bool {
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return true }
            guard byte == backslash, let escape = rest.popFirst() else {
                word.append(byte)
                continue
            }
            switch escape {
            case UInt8(ascii: "n"): word.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "r"): word.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "t"): word.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "b"): word.append(8)
            case UInt8(ascii: "a"): word.append(7)
            case UInt8(ascii: "x"):
                let digits = Array(rest.prefix(2)).compactMap(HexDigit.value)
                if digits.count == 2 {
                    word.append(digits[0] << 4 | digits[1])
                    rest = rest.dropFirst(2)
                } else {
                    word.append(escape)
                }
            default: word.append(escape)
            }
        }
        return false
    }
}

/// Digits of the base 16.
enum HexDigit {
    /// The value of a digit in either case, or nil.
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
