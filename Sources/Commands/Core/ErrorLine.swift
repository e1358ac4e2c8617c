public import Primitives

/// Builds the text of an error from fixed parts, words of the request, and the command's name.
public struct ErrorLine: ~Copyable {
    private var buffer = ByteBuffer()
    private let command: StaticString

    /// Creates an empty line for an error of the command with this upper-case name.
    public init(command: StaticString) { self.command = command }

    /// The text so far.
    public var text: Bytes { buffer.bytes }

    /// Appends a fixed part.
    mutating func add(_ part: StaticString) { buffer.append(part) }

    /// Appends up to `limit` bytes of a word of the request.
    mutating func add(word: Bytes, limit: Int = .max) { buffer.append(text: word, limit: limit) }

    /// Appends a text that is not one of the request's words.
    mutating func add(text: Bytes) { buffer.append(text) }

    /// Appends up to `limit` bytes of a word of the request, between fixed parts.
    mutating func add(
        _ before: StaticString,
        _ word: Bytes,
        limit: Int = .max,
        _ after: StaticString = ""
    ) {
        add(before)
        add(word: word, limit: limit)
        add(after)
    }

    /// Appends the command's name, between fixed parts.
    mutating func addCommand(_ before: StaticString = "", _ after: StaticString = "") {
        add(before)
        buffer.appendLowercase(Bytes(command))
        add(after)
    }
}

extension ByteBuffer {
    /// Appends up to `limit` bytes of a word as C would print it, up to a zero byte.
    fileprivate mutating func append(text word: Bytes, limit: Int) {
        var end = 0
        while end < min(word.count, limit), word[end] != 0 { end += 1 }
        append(word[0..<end])
    }

    /// Appends a command name in lower case, with `|` before a subcommand.
    public mutating func appendLowercase(_ name: Bytes) {
        for index in 0..<name.count {
            let byte = name[index]
            append(
                byte == UInt8(ascii: " ")
                    ? UInt8(ascii: "|")
                    : byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 0x20 : byte
            )
        }
    }
}
