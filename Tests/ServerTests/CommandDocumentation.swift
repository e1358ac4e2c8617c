@testable import Commands
@testable import Server

/// Generates `docs/commands.md` from the rows of all families.
enum CommandDocumentation {
    static var text: String {
        let all =
            CommandFamilies.data.joined().map(\.facts) + CommandFamilies.admin.joined().map(\.facts)
        // docs/memcached.md describes those of memcached's protocols.
        let facts = all.filter { !$0.flags.contains(.memcached) }
        var text = """
            # Commands

            All \(facts.count) commands and subcommands; the reply to any other is \
            `ERR unknown command`.
            Names, options, replies and error texts are those of Redis 8 and Valkey 9.
            This page is generated from the rows in `Sources` by `make docs`.

            `[a]` is optional, `(a | b)` is one of several, and `a [a ...]` may be repeated.

            """
        for group in CommandGroup.allCases {
            let rows = facts.filter { $0.group == group && !isContainer($0, facts) }
            guard !rows.isEmpty else { continue }
            text += "\n## \(title(group))\n"
            for row in rows.sorted(by: { $0.name.description < $1.name.description }) {
                text += section(row)
            }
        }
        return text
    }

    private static func title(_ group: CommandGroup) -> String {
        switch group {
        case .bitmap: "Bitmaps"
        case .cluster: "Cluster"
        case .connection: "Connections"
        case .generic: "Keys"
        case .geo: "Geo"
        case .hash: "Hashes"
        case .hyperloglog: "HyperLogLog"
        case .list: "Lists"
        case .pubsub: "Publish and subscribe"
        case .scripting: "Scripts"
        case .sentinel: "Sentinel"
        case .server: "Server"
        case .set: "Sets"
        case .stream: "Streams"
        case .string: "Strings"
        case .transactions: "Transactions"
        case .sortedSet: "Sorted sets"
        }
    }

    /// Whether a row only has subcommands and is not a command itself.
    private static func isContainer(_ row: CommandFacts, _ facts: [CommandFacts]) -> Bool {
        row.arity < -1 && facts.contains { $0.name.description.hasPrefix("\(row.name) ") }
    }

    private static func section(_ row: CommandFacts) -> String {
        let words = CommandGrammar.arguments(row.syntax).map(notation).joined(separator: " ")
        let call = words.isEmpty ? "\(row.name)" : "\(row.name) \(words)"
        let advice = row.deprecation.map {
            " Deprecated since \($0.since): use \($0.replacement)."
        }
        return """

            ### \(row.name)

            `\(call)`

            \(row.summary) Complexity: \(row.complexity). Since \(row.since).\(advice ?? "")

            """
    }

    private static func notation(_ argument: CommandGrammar.Argument) -> String {
        var text: String
        switch argument.type {
        case "oneof": text = argument.parts.map(notation).joined(separator: " | ")
        case "block": text = argument.parts.map(notation).joined(separator: " ")
        case "pure-token": text = argument.token ?? argument.name
        default: text = argument.name
        }
        if argument.type != "pure-token", let token = argument.token { text = "\(token) \(text)" }
        if argument.isMultiple {
            let part = argument.type == "oneof" ? "(\(text))" : text
            text = "\(part) [\(part) ...]"
        } else if argument.type == "oneof", !argument.isOptional {
            text = "(\(text))"
        }
        return argument.isOptional ? "[\(text)]" : text
    }
}
