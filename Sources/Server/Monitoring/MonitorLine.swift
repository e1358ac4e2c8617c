internal import Commands
internal import Primitives
internal import Wire

/// A command as one line, as sent to clients that monitor.
///
/// ```text
/// +1339518083.107412 [0 127.0.0.1:60866] "set" "key" "a value\n"
/// ```
enum MonitorLine {
    /// The author of a command: a client at an address, or a script.
    enum Author {
        case client(Bytes)
        case script
    }

    /// Appends the line of a request in `database`, without secret words; the time is in
    /// microseconds since 1970.
    static func append(
        _ arguments: Arguments,
        database: Int,
        _ author: Author,
        at microseconds: Int64,
        secrets: SecretSpec?,
        to line: inout ByteBuffer
    ) {
        line.append("+")
        line.append(decimal: microseconds / 1_000_000)
        line.append(".")
        let fraction = String(microseconds % 1_000_000)
        for _ in fraction.utf8.count..<6 { line.append("0") }
        line.append(string: fraction)
        line.append(" [")
        line.append(decimal: Int64(database))
        line.append(" ")
        switch author {
        case .client(let address): line.append(address)
        case .script: line.append("lua")
        }
        line.append("]")
        for index in 0..<arguments.count {
            line.append(" ")
            let isSecret = ShownRequest.isSecret(index, arguments, secrets)
            let word = isSecret ? Bytes("(redacted)") : arguments[index]
            QuotedWords.quoted(word.array).withBytes { line.append($0) }
        }
        line.append("\r\n")
    }
}
