public import Primitives

/// The text of an error while it is written: fixed parts, words of the request, and the command's
/// name.
public struct ErrorLine: ~Copyable {
    private var buffer = ByteBuffer()
    private let command: StaticString

    /// An empty line for an error of the command with this name, in capitals.
    public init(command: StaticString) { self.command = command }

    /// What was written so far.
    public var text: Bytes { buffer.bytes }

    /// Adds a part that is always the same.
    mutating func add(_ part: StaticString) { buffer.append(part) }

    /// Adds up to `limit` bytes of a word of the request.
    mutating func add(word: Bytes, limit: Int = .max) { buffer.append(text: word, limit: limit) }

    /// Adds up to `limit` bytes of a word of the request, between what is always the same.
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

    /// Adds the command's name, between what is always the same.
    mutating func addCommand(_ before: StaticString = "", _ after: StaticString = "") {
        add(before)
        buffer.appendLowercase(Bytes(command))
        add(after)
    }
}

extension ByteBuffer {
    /// Appends up to `limit` bytes of a word as C prints it: up to a zero.
    fileprivate mutating func append(text word: Bytes, limit: Int) {
        var end = 0
        while end < min(word.count, limit), word[end] != 0 { end += 1 }
        append(word[0..<end])
    }

    /// Appends a command's name in lower case, with `|` before a subcommand.
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
