internal import Commands
internal import Primitives
internal import Wire

extension ReplyWriter {
    /// The reply to a client's mistake, its `%` and `@` filled in.
    @inline(never)
    mutating func error(_ error: CommandError, command: StaticString) {
        let text = Bytes(error.text)
        var whole = ByteBuffer()
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "%"): whole.appendLowercase(Bytes(command))
            case UInt8(ascii: "@"): whole.append(text: error.word, limit: 128)
            case UInt8(ascii: "^"): whole.append(text: error.word, limit: .max)
            case UInt8(ascii: "#"): whole.append(text: error.otherWord, limit: .max)
            default: whole.append(text[index])
            }
        }
        self.error(whole.bytes)
    }
}

extension ByteBuffer {
    /// Appends up to `limit` bytes of a word as C prints it: up to a zero.
    mutating func append(text word: Bytes, limit: Int) {
        var end = 0
        while end < min(word.count, limit), word[end] != 0 { end += 1 }
        append(word[0..<end])
    }

    /// Appends a command's name in lower case, with `|` before a subcommand.
    mutating func appendLowercase(_ name: Bytes) {
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
