internal import Remote
internal import Wire

/// Replies for people: numbered, indented, with the type of each value.
///
/// ```text
/// 1) (integer) 1
/// 2) 1# "field" => (true)
///    2# "other" =>
///       1~ "member"
///       2~ (nil)
/// ```
/// The sign after a number distinguishes arrays `)`, sets `~` and maps `#`.
struct ReadableText {
    /// Colours by type, for terminals; plain text without.
    var colours: Colours?

    /// The text of `reply` with its end of line.
    static func text(_ reply: Reply, colours: Colours? = nil) -> [UInt8] {
        ReadableText(colours: colours).text(reply, indent: 0)
    }

    private func text(_ reply: Reply, indent: Int) -> [UInt8] {
        let line: [UInt8]
        switch reply {
        case .array(let elements): return list(elements, ")", empty: "(empty array)", indent)
        case .push(let elements): return list(elements, ")", empty: "(empty push)", indent)
        case .set(let elements): return list(elements, "~", empty: "(empty set)", indent)
        case .map(let pairs): return map(pairs, indent)
        case .error(let text): line = painted(.error, "(error) ".bytes + text)
        case .status(let text): line = painted(.status, text)
        case .integer(let number): line = painted(.number, "(integer) \(number)".bytes)
        case .double(let text): line = painted(.number, "(double) ".bytes + text)
        case .bigNumber(let text): line = painted(.number, "(big number) ".bytes + text)
        case .boolean(let isTrue): line = painted(.boolean, (isTrue ? "(true)" : "(false)").bytes)
        case .null: line = painted(.null, "(nil)".bytes)
        case .bulk(let text): line = painted(.string, QuotedWords.quoted(text))
        case .verbatim(_, let text): line = text
        }
        return line + [UInt8(ascii: "\n")]
    }

    private func painted(_ part: Colours.Part, _ text: [UInt8]) -> [UInt8] {
        colours?.painted(part, text) ?? text
    }

    /// The elements, one per line; the first is at the cursor.
    private func list(
        _ elements: [Reply],
        _ sign: String,
        empty: String,
        _ indent: Int
    ) -> [UInt8] {
        if elements.isEmpty { return painted(.null, empty.bytes) + [UInt8(ascii: "\n")] }
        let width = String(elements.count).utf8.count
        var lines: [UInt8] = []
        for (index, element) in elements.enumerated() {
            lines += head(index, sign, width: width, indent)
            lines += text(element, indent: indent + width + 2)
        }
        return lines
    }

    private func map(_ pairs: [Reply], _ indent: Int) -> [UInt8] {
        if pairs.isEmpty { return painted(.null, "(empty hash)".bytes) + [UInt8(ascii: "\n")] }
        let width = String(pairs.count / 2).utf8.count
        let inner = indent + width + 2
        var lines: [UInt8] = []
        for index in 0..<pairs.count / 2 {
            lines += head(index, "#", width: width, indent)
            lines += text(pairs[index * 2], indent: inner).dropLast()
            lines += " => ".utf8
            let value = pairs[index * 2 + 1]
            if Self.takesLines(value) {
                lines += [UInt8(ascii: "\n")] + spaces(inner)
            }
            lines += text(value, indent: inner)
        }
        return lines
    }

    /// Whether `reply` does not fit on the line of its key.
    private static func takesLines(_ reply: Reply) -> Bool {
        switch reply {
        case .map(let pairs):
            pairs.count > 2 || pairs.last.map(takesLines) ?? false
        case .array(let elements), .set(let elements), .push(let elements):
            elements.count > 1 || elements.last.map(takesLines) ?? false
        case .status, .error, .integer, .bulk, .null, .double, .boolean, .bigNumber, .verbatim:
            false
        }
    }

    private func head(_ index: Int, _ sign: String, width: Int, _ indent: Int) -> [UInt8] {
        let number = String(index + 1)
        let padding = spaces((index == 0 ? 0 : indent) + width - number.utf8.count)
        return padding + painted(.index, number.bytes + sign.bytes) + [UInt8(ascii: " ")]
    }

    private func spaces(_ count: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(ascii: " "), count: count)
    }
}

/// The colours of a reply's parts in a terminal.
struct Colours: Equatable {
    /// Parts with a colour of their own.
    enum Part {
        case index, error, status, number, boolean, null, string
    }

    /// `text` in the colour of `part`, then back to the terminal's own.
    func painted(_ part: Part, _ text: [UInt8]) -> [UInt8] {
        let code =
            switch part {
            case .index, .null: "90"
            case .error: "31"
            case .status: "32"
            case .number: "36"
            case .boolean: "35"
            case .string: "33"
            }
        return "\u{1b}[\(code)m".bytes + text + "\u{1b}[0m".bytes
    }
}
