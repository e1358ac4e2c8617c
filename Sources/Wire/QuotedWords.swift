internal import Primitives

/// Words of a line with quotes, as in inline requests and configuration files.
///
/// ```text
/// "…"   \n \r \t \b \a \xHH, any other \c is c
/// '…'   \' is a quote, everything else is literal
/// ```
/// A quote may start within a word, and ends it. A zero byte ends the line.
public enum QuotedWords {
    /// Appends the words of `line`, unquoted in place.
    ///
    /// Returns false if quotes do not balance or a closing one is not followed by a space.
    static func split(
        _ buffer: Cell,
        _ line: Range<Int>,
        into words: inout ArgumentVector
    ) -> Bool {
        var at = line.lowerBound
        while true {
            while at < line.upperBound, isSpace(buffer.byte(at)) { at += 1 }
            guard at < line.upperBound, buffer.byte(at) != 0 else { return true }
            guard let word = word(buffer, &at, line.upperBound) else { return false }
            words.append(buffer.bytes(word.lowerBound, word.count))
        }
    }

    /// Unquotes the word at `at`; it never grows, so it is written over its source.
    private static func word(_ buffer: Cell, _ at: inout Int, _ end: Int) -> Range<Int>? {
        let start = at
        var out = at
        while at < end, !endsBareWord(buffer.byte(at)) {
            switch buffer.byte(at) {
            case UInt8(ascii: "\""):
                at += 1
                guard doubleQuoted(buffer, &at, end, &out), endsWord(buffer, at, end) else {
                    return nil
                }
                return start..<out
            case UInt8(ascii: "'"):
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

    /// Parses the inside of `"…"` and the closing quote; returns false if there is none.
    private static func doubleQuoted(
        _ buffer: Cell,
        _ at: inout Int,
        _ end: Int,
        _ out: inout Int
    ) -> Bool {
        while at < end {
            var byte = buffer.byte(at)
            if byte == UInt8(ascii: "\"") {
                at += 1
                return true
            }
            if byte == UInt8(ascii: "\\"), at + 3 < end, buffer.byte(at + 1) == UInt8(ascii: "x"),
                let high = HexDigit.value(buffer.byte(at + 2)),
                let low = HexDigit.value(buffer.byte(at + 3))
            {
                byte = high << 4 | low
                at += 3
            } else if byte == UInt8(ascii: "\\"), at + 1 < end {
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
        _ buffer: Cell,
        _ at: inout Int,
        _ end: Int,
        _ out: inout Int
    ) -> Bool {
        while at < end {
            var byte = buffer.byte(at)
            if byte == UInt8(ascii: "'") {
                at += 1
                return true
            }
            if byte == UInt8(ascii: "\\"), at + 1 < end, buffer.byte(at + 1) == UInt8(ascii: "'") {
                byte = UInt8(ascii: "'")
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
        case UInt8(ascii: "n"): UInt8(ascii: "\n")
        case UInt8(ascii: "r"): UInt8(ascii: "\r")
        case UInt8(ascii: "t"): UInt8(ascii: "\t")
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "a"): 0x07
        default: letter
        }
    }

    /// As in Redis, vertical tab and form feed are spaces but do not end an unquoted word.
    private static func endsBareWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r") || byte == 0
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (byte >= UInt8(ascii: "\t") && byte <= UInt8(ascii: "\r"))
    }
}
