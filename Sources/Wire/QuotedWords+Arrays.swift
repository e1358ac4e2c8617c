internal import Primitives

/// Splits and quotes lines of configuration files and of terminal input.
extension QuotedWords {
    /// The words of `line`; nil if a quote is not closed, or a closing quote is not followed by a
    /// space.
    public static func split(_ line: [UInt8]) -> [[UInt8]]? {
        var buffer = ByteBuffer()
        line.withBytes { buffer.append($0) }
        var words = ArgumentVector()
        guard line.isEmpty || split(buffer.cell, 0..<line.count, into: &words) else { return nil }
        guard words.count > 0 else { return [] }
        let arguments = words.arguments(0, words.count)
        return (0..<arguments.count).map { arguments[$0].array }
    }

    /// Puts `text` in double quotes, with escapes, so that `split` returns the same bytes.
    public static func quoted(_ text: [UInt8]) -> [UInt8] {
        var shown: [UInt8] = [quote]
        shown.reserveCapacity(text.count + 2)
        for byte in text {
            switch byte {
            case backslash, quote: shown += [backslash, byte]
            case UInt8(ascii: "\n"): shown += "\\n".utf8
            case UInt8(ascii: "\r"): shown += "\\r".utf8
            case UInt8(ascii: "\t"): shown += "\\t".utf8
            case 0x07: shown += "\\a".utf8
            case 0x08: shown += "\\b".utf8
            case UInt8(ascii: " ")...UInt8(ascii: "~"): shown.append(byte)
            default: shown += "\\x".utf8 + [hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            }
        }
        shown.append(quote)
        return shown
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let hexDigits = Array("0123456789abcdef".utf8)
}
