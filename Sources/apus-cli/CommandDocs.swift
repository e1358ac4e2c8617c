internal import Remote

/// A server's reply to COMMAND DOCS: the source of help, hints and completion.
struct CommandDocs {
    /// All commands and subcommands, by name.
    let commands: [CommandDoc]

    /// No documentation: no server, or one without COMMAND DOCS.
    static let none = CommandDocs(commands: [])

    private init(commands: [CommandDoc]) { self.commands = commands }

    /// Parses the reply to COMMAND DOCS; maps and arrays of keys and values are equivalent here.
    init(_ reply: Reply) {
        commands = Self.entries(reply).sorted { $0.name < $1.name }
    }

    private static func entries(_ reply: Reply) -> [CommandDoc] {
        pairs(reply).flatMap { name, facts -> [CommandDoc] in
            let words = name.uppercased().split(separator: "|").map(String.init)
            let doc = CommandDoc(words: words, facts: facts)
            return [doc] + (field("subcommands", facts).map(entries) ?? [])
        }
    }

    /// The group names in use.
    var groups: [String] { Set(commands.map(\.group)).sorted() }

    /// The command with the most words that is a prefix of `words`.
    func command(_ words: [String]) -> CommandDoc? {
        let upper = words.map { $0.uppercased() }
        return commands.filter { upper.starts(with: $0.words) }.max {
            $0.words.count < $1.words.count
        }
    }

    /// The keys and values of a map, or of an array in place of one.
    static func pairs(_ reply: Reply) -> [(name: String, value: Reply)] {
        guard let elements = reply.elements else { return [] }
        return stride(from: 0, to: elements.count - 1, by: 2).compactMap { index in
            elements[index].stringBytes.map { ($0.text, elements[index + 1]) }
        }
    }

    /// The value under `name`, or nil.
    static func field(_ name: String, _ reply: Reply) -> Reply? {
        pairs(reply).first { $0.name == name }?.value
    }

    static func text(_ name: String, _ reply: Reply) -> String? {
        field(name, reply)?.stringBytes?.text
    }
}

/// One command's documentation.
struct CommandDoc: Equatable {
    /// A part of the syntax between two spaces at the outermost level.
    struct Piece: Equatable {
        let text: String
        let isOptional: Bool
    }

    let words: [String]
    let summary: String
    let since: String
    let group: String
    let pieces: [Piece]

    var name: String { words.joined(separator: " ") }
    var syntax: String { pieces.map(\.text).joined(separator: " ") }

    init(words: [String], facts: Reply) {
        self.words = words
        summary = CommandDocs.text("summary", facts) ?? ""
        since = CommandDocs.text("since", facts) ?? ""
        group = CommandDocs.text("group", facts) ?? ""
        pieces = (CommandDocs.field("arguments", facts)?.elements ?? []).map(Self.piece)
    }

    private static func piece(_ argument: Reply) -> Piece {
        let isOptional = flags(argument).contains("optional")
        let text = syntax(argument)
        return Piece(text: isOptional ? "[\(text)]" : text, isOptional: isOptional)
    }

    private static func flags(_ argument: Reply) -> [String] {
        CommandDocs.field("flags", argument)?.elements?.compactMap { $0.stringBytes?.text } ?? []
    }

    /// The argument as shown in help, without the brackets of an optional one.
    private static func syntax(_ argument: Reply) -> String {
        let flags = flags(argument)
        let type = CommandDocs.text("type", argument) ?? ""
        let token = CommandDocs.text("token", argument)
        if type == "pure-token" { return token.map(shown) ?? "" }
        let parts = (CommandDocs.field("arguments", argument)?.elements ?? []).map(piece)
        let value =
            switch type {
            case "oneof": parts.map(\.text).joined(separator: "|")
            case "block": parts.map(\.text).joined(separator: " ")
            default: CommandDocs.text("name", argument) ?? ""
            }
        let head = token.map { shown($0) + " " } ?? ""
        guard flags.contains("multiple") else { return head + value }
        return flags.contains("multiple_token")
            ? "\(head)\(value) [\(head)\(value) ...]" : "\(head)\(value) [\(value) ...]"
    }

    private static func shown(_ token: String) -> String { token.isEmpty ? "\"\"" : token }

    /// What may still be typed after the arguments `typed`.
    func hint(after typed: [String]) -> String {
        var left = pieces[...]
        var rest = typed[...]
        while let first = left.first, !rest.isEmpty, !first.isOptional {
            // A part of several words consumes as many of the typed ones.
            let count = first.text.split(separator: " ").prefix { !$0.hasPrefix("[") }.count
            rest = rest.dropFirst(max(count, 1))
            left.removeFirst()
        }
        let given = Set(rest.map { $0.uppercased() })
        let open = left.filter { piece in
            guard piece.isOptional else { return true }
            let token = piece.text.dropFirst().prefix { $0 != " " && $0 != "]" && $0 != "|" }
            return !given.contains(String(token))
        }
        return open.map(\.text).joined(separator: " ")
    }
}
