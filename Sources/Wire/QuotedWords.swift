internal import Primitives

/// Words of a line with quotes, as inline requests, configuration files and people have them.
///
/// ```text
/// "…"   \n \r \t \b \a \xHH, any other \c is c
/// '…'   \' is a quote, all else stands for itself
/// ```
/// A quote may begin inside a word, and ends it. A zero byte ends the line.
public enum QuotedWords {
    /// Appends the words of `line`, unquoted in place; false when quotes do not balance or a
    /// closing one is not followed by a space.
    static func split(
        _ buffer: Cell, _ line: Range<Int>, into words: inout ArgumentVector
    ) -> Bool {
        var at = line.lowerBound
        while true {
            while at < line.upperBound, isSpace(buffer.byte(at)) { at += 1 }
            guard at < line.upperBound, buffer.byte(at) != 0 else { return true }
            guard let word = word(buffer, &at, line.upperBound) else { return false }
            words.append(buffer.bytes(word.lowerBound, word.count))
        }
    }

    /// Unquotes one word from `at`; it never grows, so it is written over its source.
    private static func word(_ buffer: Cell, _ at: inout Int, _ end: Int) -> Range<Int>? {
        let start = at
        var out = at
        while at < end, !endsBareWord(buffer.byte(at)) {
            switch buffer.byte(at) {
            case 0x22:
                at += 1
                guard doubleQuoted(buffer, &at, end, &out), endsWord(buffer, at, end) else {
                    return nil
                }
                return start..<out
            case 0x27:
                at += 1
                guard singleQuoted(buffer, &at, end, &out), endsWord(buffer, at, end) else {
                    return nil
                }
                return start..<out
            case let byte:
                buffer.store(byte, out)
                out += 1
                at += 1
            }
        }
        return start..<out
    }

    private static func endsWord(_ buffer: Cell, _ at: Int, _ end: Int) -> Bool {
        at >= end || isSpace(buffer.byte(at))
    }

    /// The inside of `"…"` and its closing quote; false when it does not close.
    private static func doubleQuoted(
        _ buffer: Cell, _ at: inout Int, _ end: Int, _ out: inout Int
    ) -> Bool {
        while at < end {
            var byte = buffer.byte(at)
            if byte == 0x22 {
                at += 1
                return true
            }
            if byte == 0x5C, at + 3 < end, buffer.byte(at + 1) == 0x78,
                let high = hexDigit(buffer.byte(at + 2)), let low = hexDigit(buffer.byte(at + 3))
            {
                byte = high << 4 | low
                at += 3
            } else if byte == 0x5C, at + 1 < end {
                at += 1
                byte = unescaped(buffer.byte(at))
            }
            buffer.store(byte, out)
            out += 1
            at += 1
        }
        return false
    }

    private static func singleQuoted(
        _ buffer: Cell, _ at: inout Int, _ end: Int, _ out: inout Int
    ) -> Bool {
        while at < end {
            var byte = buffer.byte(at)
            if byte == 0x27 {
                at += 1
                return true
            }
            if byte == 0x5C, at + 1 < end, buffer.byte(at + 1) == 0x27 {
                byte = 0x27
                at += 1
            }
            buffer.store(byte, out)
            out += 1
            at += 1
        }
        return false
    }

    private static func unescaped(_ letter: UInt8) -> UInt8 {
        switch letter {
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        case 0x62: 0x08
        case 0x61: 0x07
        default: letter
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// Not every space does: one of the two that are no blanks may stand inside, as in Redis.
    private static func endsBareWord(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == 0
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
    }
}
