internal import Primitives

/// Reads the text form of hstore as PostgreSQL does, with all its freedom.
///
/// ```text
/// literal   [ pair { "," pair } [ "," ] ]
/// pair      word "=>" word                  with spaces before and after each word
/// word      "…"                             any bytes; a backslash makes the next byte plain
///           bytes up to a space, and        = ends a name, a comma a value, except at its start
/// value     NULL                            in any case, without quotes
/// ```
/// A zero byte is like any other here; in PostgreSQL it ends the text.
///
/// Source: PostgreSQL 15, contrib/hstore, and its answers in `test_hstore_oracle.py`. The texts of
/// errors are those of PostgreSQL 16.
struct HstoreLiteral {
    private let text: Bytes
    private var at = 0

    /// Reads `text` from its beginning.
    init(_ text: Bytes) { self.text = text }

    /// The next pair, written to `buffer` without quotes and escapes; nil at the end.
    ///
    /// The buffer must have room for the rest of the text, so that it does not move.
    ///
    /// Complexity: O(bytes).
    mutating func next(
        _ buffer: inout ByteBuffer
    ) throws(CommandError) -> (name: Bytes, value: Bytes?)? {
        guard let name = try word(endsAt: UInt8(ascii: "="), &buffer) else { return nil }
        skipSpaces()
        try expect(UInt8(ascii: "="))
        try expect(UInt8(ascii: ">"))
        guard let value = try word(endsAt: UInt8(ascii: ","), &buffer) else {
            throw .hash(.literalEnds)
        }
        skipSpaces()
        if at < text.count { try expect(UInt8(ascii: ",")) }
        let isNull = !value.isQuoted && value.text.isWord("NULL")
        return (name.text, isNull ? nil : value.text)
    }

    private mutating func expect(_ byte: UInt8) throws(CommandError) {
        guard at < text.count else { throw .hash(.literalEnds) }
        guard text[at] == byte else { throw syntaxError }
        at += 1
    }

    private var syntaxError: CommandError {
        var end = at + 1
        // The rest of a character in UTF-8.
        while end < min(text.count, at + 4), text[end] & 0xC0 == 0x80 { end += 1 }
        return .hash(.literal(near: text[at..<end], position: at))
    }

    // MARK: Words

    private mutating func skipSpaces() {
        while at < text.count, text[at].isSpace { at += 1 }
    }

    /// The next word; nil at the end.
    private mutating func word(
        endsAt end: UInt8,
        _ buffer: inout ByteBuffer
    ) throws(CommandError) -> (text: Bytes, isQuoted: Bool)? {
        skipSpaces()
        guard at < text.count else { return nil }
        let start = buffer.count
        let isQuoted = text[at] == UInt8(ascii: "\"")
        if isQuoted {
            at += 1
            try quoted(&buffer)
        } else {
            guard end != UInt8(ascii: "=") || text[at] != end else { throw syntaxError }
            try plain(endsAt: end, &buffer)
        }
        return (buffer.bytes.dropFirst(start), isQuoted)
    }

    private mutating func quoted(_ buffer: inout ByteBuffer) throws(CommandError) {
        while at < text.count {
            if text[at] == UInt8(ascii: "\"") {
                at += 1
                return
            }
            try byte(&buffer)
        }
        throw .hash(.literalEnds)
    }

    private mutating func plain(
        endsAt end: UInt8,
        _ buffer: inout ByteBuffer
    ) throws(CommandError) {
        // The first byte is part of the word, whatever it is.
        repeat { try byte(&buffer) } while at < text.count && text[at] != end && !text[at].isSpace
    }

    /// Takes a byte, or the one after a backslash.
    private mutating func byte(_ buffer: inout ByteBuffer) throws(CommandError) {
        if text[at] == UInt8(ascii: "\\") {
            at += 1
            guard at < text.count else { throw .hash(.literalEnds) }
        }
        buffer.append(text[at])
        at += 1
    }
}

extension UInt8 {
    /// Whether it separates words: a space, tab, line feed, form feed or carriage return.
    ///
    /// A vertical tab does not, as in PostgreSQL 15.
    fileprivate var isSpace: Bool {
        switch self {
        case 0x20, 0x09, 0x0A, 0x0C, 0x0D: true
        default: false
        }
    }
}
