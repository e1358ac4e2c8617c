public import Primitives

/// Keys in base64, which the meta protocol uses for keys with bytes that a line cannot contain.
public enum Base64 {
    private static let letters: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    private static let filler = UInt8(ascii: "=")

    /// The number of bytes that `text` encodes; nil if it is invalid or not padded.
    ///
    /// Complexity: O(`count`).
    static func byteCount(_ text: Bytes) -> Int? {
        guard text.count >= 4, text.count % 4 == 0 else { return nil }
        let fillers =
            text[text.count - 1] != filler ? 0 : text[text.count - 2] != filler ? 1 : 2
        for index in 0..<text.count - fillers where value(text[index]) == nil { return nil }
        return text.count / 4 * 3 - fillers
    }

    /// Decodes the text of `count` bytes at `offset` in place.
    ///
    /// Precondition: `byteCount` returned a number for it.
    static func decode(_ cell: Cell, _ offset: Int, _ count: Int) {
        var out = offset
        for start in stride(from: offset, to: offset + count, by: 4) {
            var bits: UInt32 = 0
            for index in 0..<4 { bits = bits << 6 | UInt32(value(cell.byte(start + index)) ?? 0) }
            // At the end, bytes that the padding stands for are written as well, over the text.
            cell.store(UInt8(truncatingIfNeeded: bits >> 16), out)
            cell.store(UInt8(truncatingIfNeeded: bits >> 8), out + 1)
            cell.store(UInt8(truncatingIfNeeded: bits), out + 2)
            out += 3
        }
    }

    private static func value(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// Appends the base64 text of `bytes`.
    public static func append(_ bytes: Bytes, to buffer: inout ByteBuffer) {
        let letters = Bytes(letters)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var bits: UInt32 = 0
            for index in 0..<3 {
                bits = bits << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
            }
            for place in 0..<4 {
                let index = Int(bits >> UInt32(18 - 6 * place) & 63)
                buffer.append(place <= count ? letters[index] : filler)
            }
        }
    }
}
