/// The grammar of one configuration line: words, some of them quoted.
///
/// Within double quotes `\n \r \t \b \a \xHH` and an escaped character stand for a byte; within
/// single quotes only `\'` does. A quote may start inside a word, but what follows the closing
/// one must be a space.
enum ConfigurationParser {
    /// The words of `line`, or `nil` where a quote is not closed or runs into the next word.
    static func words(in line: [UInt8]) -> [[UInt8]]? {
        var words: [[UInt8]] = []
        var rest = line[...]
        while true {
            rest = rest.drop(while: isSpace)
            guard !rest.isEmpty else { return words }
            guard let word = nextWord(&rest) else { return nil }
            words.append(word)
        }
    }

    /// `line` without the spaces around it.
    static func trimmed(_ line: [UInt8]) -> [UInt8] {
        let isBlank = { (byte: UInt8) in " \t\r\n".utf8.contains(byte) }
        guard let first = line.firstIndex(where: { !isBlank($0) }),
            let last = line.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return Array(line[first...last])
    }

    /// `word` in double quotes, so that `words(in:)` reads the same bytes again.
    static func quoted(_ word: [UInt8]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "\"")]
        for byte in word {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): text += [UInt8(ascii: "\\"), byte]
            case 0x20..<0x7F: text.append(byte)
            default:
                if let letter = escapes.first(where: { $0.value == byte })?.key {
                    text += [UInt8(ascii: "\\"), letter]
                } else {
                    let digits = String(byte, radix: 16)
                    text += Array("\\x\(digits.count == 1 ? "0" : "")\(digits)".utf8)
                }
            }
        }
        return text + [UInt8(ascii: "\"")]
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
        UInt8(ascii: "b"): 0x08, UInt8(ascii: "a"): 0x07,
    ]

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }

    /// Takes one word from `rest`, which does not start with a space.
    private static func nextWord(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var word: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: " "), 0x0A, 0x0D, 0x09, 0: return word
            case UInt8(ascii: "\""):
                guard readDoubleQuoted(&rest, into: &word) else { return nil }
                return word
            case UInt8(ascii: "'"):
                guard readSingleQuoted(&rest, into: &word) else { return nil }
                return word
            default: word.append(byte)
            }
        }
        return word
    }

    /// Reads to the closing quote; `false` if there is none, or no space after it.
    private static func readDoubleQuoted(
        _ rest: inout ArraySlice<UInt8>,
        into word: inout [UInt8]
    ) -> Bool {
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst() else { return false }
                if next == UInt8(ascii: "x"), let value = hexadecimal(rest.prefix(2)) {
                    rest = rest.dropFirst(2)
                    word.append(value)
                } else {
                    word.append(escapes[next] ?? next)
                }
            case UInt8(ascii: "\""): return rest.first.map(isSpace) ?? true
            default: word.append(byte)
            }
        }
        return false
    }

    private static func readSingleQuoted(
        _ rest: inout ArraySlice<UInt8>,
        into word: inout [UInt8]
    ) -> Bool {
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\") where rest.first == UInt8(ascii: "'"):
                rest = rest.dropFirst()
                word.append(UInt8(ascii: "'"))
            case UInt8(ascii: "'"): return rest.first.map(isSpace) ?? true
            default: word.append(byte)
            }
        }
        return false
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard values.count == 2 else { return nil }
        return UInt8(values[0] * 16 + values[1])
    }
}
