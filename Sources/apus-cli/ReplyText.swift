internal import Remote
internal import Wire

/// Replies as text, in the requested format.
enum ReplyText {
    /// The output for `reply`, including its end of line.
    ///
    /// - Parameter isPlain: The reply is text for people (INFO, LOLWUT …), which has its own line
    ///   ends and needs no quotes.
    static func text(_ reply: Reply, _ options: Options, isPlain: Bool = false) -> [UInt8] {
        if isPlain { return RawText.text(reply, options.elementDelimiter) }
        return switch options.format {
        case .readable: ReadableText.text(reply, colours: options.colours)
        case .raw: RawText.text(reply, options.elementDelimiter) + options.replyDelimiter
        case .csv: CSVText.text(reply) + [UInt8(ascii: "\n")]
        case .json: JSONText(isQuoted: false).text(reply) + [UInt8(ascii: "\n")]
        case .quotedJSON: JSONText(isQuoted: true).text(reply) + [UInt8(ascii: "\n")]
        }
    }
}

/// Replies as raw bytes, one value per line.
enum RawText {
    static func text(_ reply: Reply, _ delimiter: [UInt8]) -> [UInt8] {
        switch reply {
        case .null: []
        case .error(let text): text + [UInt8(ascii: "\n")]
        case .status(let text), .bulk(let text), .verbatim(_, let text), .bigNumber(let text),
            .double(let text):
            text
        case .integer(let number): String(number).bytes
        case .boolean(let isTrue): (isTrue ? "(true)" : "(false)").bytes
        case .array(let elements), .set(let elements), .push(let elements):
            joined(elements.map { text($0, delimiter) }, delimiter)
        case .map(let pairs):
            joined(
                stride(from: 0, to: pairs.count, by: 2).map {
                    text(pairs[$0], delimiter) + [UInt8(ascii: " ")]
                        + text(pairs[$0 + 1], delimiter)
                },
                delimiter
            )
        }
    }

    static func joined(_ parts: [[UInt8]], _ delimiter: [UInt8]) -> [UInt8] {
        Array(parts.joined(separator: delimiter))
    }
}

/// Replies as comma-separated values.
enum CSVText {
    static func text(_ reply: Reply) -> [UInt8] {
        switch reply {
        case .null: "NULL".bytes
        case .error(let text): "ERROR,".bytes + QuotedWords.quoted(text)
        case .status(let text), .bulk(let text), .verbatim(_, let text): QuotedWords.quoted(text)
        case .integer(let number): String(number).bytes
        case .double(let text), .bigNumber(let text): text
        case .boolean(let isTrue): (isTrue ? "true" : "false").bytes
        case .array(let elements), .set(let elements), .push(let elements), .map(let elements):
            RawText.joined(elements.map(text), [UInt8(ascii: ",")])
        }
    }
}

/// Replies as JSON, as far as possible: an error becomes `error:"…"`, which is not valid JSON.
struct JSONText {
    /// Whether to output pure ASCII: strings quoted as in the readable format, backslashes doubled.
    let isQuoted: Bool

    func text(_ reply: Reply) -> [UInt8] {
        switch reply {
        case .null: "null".bytes
        case .error(let text): "error:".bytes + string(text)
        case .status(let text), .bulk(let text), .verbatim(_, let text): string(text)
        case .integer(let number): String(number).bytes
        case .double(let text), .bigNumber(let text): text
        case .boolean(let isTrue): (isTrue ? "true" : "false").bytes
        case .array(let elements), .set(let elements), .push(let elements):
            enclosed("[", elements.map(text), "]")
        case .map(let pairs):
            enclosed(
                "{",
                stride(from: 0, to: pairs.count, by: 2).map {
                    key(pairs[$0]) + [UInt8(ascii: ":")] + text(pairs[$0 + 1])
                },
                "}"
            )
        }
    }

    private func enclosed(_ opening: String, _ parts: [[UInt8]], _ closing: String) -> [UInt8] {
        opening.bytes + RawText.joined(parts, [UInt8(ascii: ",")]) + closing.bytes
    }

    /// The key of a map: JSON allows only strings.
    private func key(_ reply: Reply) -> [UInt8] {
        guard reply.stringBytes == nil else { return text(reply) }
        return [UInt8(ascii: "\"")] + text(reply) + [UInt8(ascii: "\"")]
    }

    private func string(_ bytes: [UInt8]) -> [UInt8] {
        guard !isQuoted else {
            let shown = QuotedWords.quoted(bytes).dropFirst().dropLast()
            let doubled = shown.flatMap { $0 == UInt8(ascii: "\\") ? [$0, $0] : [$0] }
            return [UInt8(ascii: "\"")] + doubled + [UInt8(ascii: "\"")]
        }
        var shown: [UInt8] = [UInt8(ascii: "\"")]
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): shown += [UInt8(ascii: "\\"), byte]
            case 8: shown += "\\b".utf8
            case 9: shown += "\\t".utf8
            case 10: shown += "\\n".utf8
            case 12: shown += "\\f".utf8
            case 13: shown += "\\r".utf8
            case 0..<UInt8(ascii: " "):
                shown += "\\u00".utf8
                if byte < 16 { shown.append(UInt8(ascii: "0")) }
                shown += String(byte, radix: 16).utf8
            default: shown.append(byte)
            }
        }
        return shown + [UInt8(ascii: "\"")]
    }
}
