internal import Wire

/// How people write words with quotes, and how bytes are shown to them; the rules are the server's.
public enum QuotedWords {
    /// The words of `line`, or nil if a quote is not closed or is followed by more than a space.
    public static func split(_ line: [UInt8]) -> [[UInt8]]? { Wire.QuotedWords.split(line) }

    /// `text` as a reader must type it: in double quotes, with escapes.
    public static func quoted(_ text: [UInt8]) -> [UInt8] { Wire.QuotedWords.quoted(text) }
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
