internal import Commands
internal import Primitives
internal import Structures
internal import Wire

/// COMMAND: information about commands, from the command table.
enum CommandCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("COMMAND", arity: -1, [.loading, .stale], group: .server, categories: ["connection"], since: "2.8.13", complexity: "O(N) where N is the number of commands", syntax: "", summary: "Describes all commands.", tips: ["nondeterministic_output_order"], all),
        AdminCommand("COMMAND COUNT", arity: 2, [.loading, .stale], group: .server, categories: ["connection"], since: "2.8.13", complexity: "O(1)", syntax: "", summary: "Counts the commands.", count),
        AdminCommand("COMMAND INFO", arity: -2, [.loading, .stale], group: .server, categories: ["connection"], since: "2.8.13", complexity: "O(N) where N is the number of names", syntax: "[command-name...]", summary: "Describes some commands, or all.", tips: ["nondeterministic_output_order"], info),
        AdminCommand("COMMAND LIST", arity: -2, [.loading, .stale], group: .server, categories: ["connection"], since: "7.0.0", complexity: "O(N) where N is the number of commands", syntax: "[FILTERBY filterby=(MODULE module-name | ACLCAT category | PATTERN pattern:p)]", summary: "Lists the names of all commands, or of some.", tips: ["nondeterministic_output_order"], list),
        AdminCommand("COMMAND DOCS", arity: -2, [.loading, .stale], group: .server, categories: ["connection"], since: "7.0.0", complexity: "O(N) where N is the number of names", syntax: "[command-name...]", summary: "Returns the documentation of some commands, or of all.", tips: ["nondeterministic_output_order"], docs),
        AdminCommand("COMMAND GETKEYS", arity: -3, [.loading, .stale], group: .server, categories: ["connection"], since: "2.8.13", complexity: "O(N) where N is the number of words", syntax: "command [arg...]", summary: "Lists the keys in a full command line.", keys),
        AdminCommand("COMMAND GETKEYSANDFLAGS", arity: -3, [.loading, .stale], group: .server, categories: ["connection"], since: "7.0.0", complexity: "O(N) where N is the number of words", syntax: "command [arg...]", summary: "Lists the keys in a full command line, and how each is used.", keysAndUses),
        AdminCommand("COMMAND HELP", arity: 2, [.loading, .stale], group: .server, categories: ["connection"], since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of COMMAND.", help),
    ]
}

extension CommandCommands {
    /// The rows of commands, without subcommands.
    private static func topRows(_ table: CommandTable) -> [Int] {
        let children = Set(table.subcommands.values.joined())
        return table.facts.indices.filter { !children.contains($0) && table.isCallable($0) }
    }

    /// The row of a name such as `get` or `client|id`, or nil.
    static func row(_ name: Bytes, _ table: CommandTable) -> Int? {
        guard let bar = (0..<name.count).first(where: { name[$0] == UInt8(ascii: "|") }) else {
            return table.row(name)
        }
        guard let parent = table.row(name[0..<bar]) else { return nil }
        return table.subcommand(name.dropFirst(bar + 1), of: parent)
    }

    /// `COMMAND`: every command.
    static func all(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let table = call.server.registry.table
        call.worker.executor.keptReplies.add(.commands, to: &call.reply) { reply in
            let rows = topRows(table)
            reply.array(rows.count)
            for row in rows { reply.describe(row, table) }
        }
    }

    /// `COMMAND COUNT`.
    static func count(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.integer(topRows(call.server.registry.table).count)
    }

    /// `COMMAND INFO [name …]`: an array per command, null for unknown names.
    static func info(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count > 2 else { return try all(arguments, call) }
        let table = call.server.registry.table
        call.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            if let row = row(arguments[index], table) {
                call.reply.describe(row, table)
            } else {
                call.reply.null()
            }
        }
    }

    /// `COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]`.
    static func list(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let table = call.server.registry.table
        let names: [[UInt8]]
        switch arguments.count {
        case 2: names = callableRows(table).map { table.facts[$0].clientName }
        case 5 where arguments[2].isWord("FILTERBY"):
            names = try filtered(arguments[3], arguments[4], table)
        default: throw .syntax
        }
        call.reply.array(names.count)
        for name in names { name.withBytes { call.reply.bulk($0) } }
    }

    private static func callableRows(_ table: CommandTable) -> [Int] {
        topRows(table).flatMap { [$0] + (table.subcommands[$0] ?? []) }
    }

    private static func filtered(
        _ filter: Bytes,
        _ value: Bytes,
        _ table: CommandTable
    ) throws(CommandError) -> [[UInt8]] {
        if filter.isWord("MODULE") { return [] }
        let byCategory = filter.isWord("ACLCAT")
        guard byCategory || filter.isWord("PATTERN") else { throw .syntax }
        let pattern = GlobPattern(value, ignoresCase: true)
        return callableRows(table).compactMap { row in
            let name = table.facts[row].clientName
            let matches =
                byCategory
                ? table.aclCategories(row).contains { Bytes($0).isSameWord(as: value) }
                : name.withBytes { pattern.matches($0) }
            return matches ? name : nil
        }
    }

    /// `COMMAND DOCS [name …]`: a map from names, without unknown ones.
    static func docs(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let table = call.server.registry.table
        guard arguments.count == 2 else {
            let rows = (2..<arguments.count).compactMap { row(arguments[$0], table) }
            return explain(rows, table, &call.reply)
        }
        call.worker.executor.keptReplies.add(.docs, to: &call.reply) { reply in
            explain(topRows(table), table, &reply)
        }
    }

    private static func explain(_ rows: [Int], _ table: CommandTable, _ reply: inout ReplyWriter) {
        reply.map(rows.count)
        for row in rows {
            table.facts[row].clientName.withBytes { reply.bulk($0) }
            reply.explain(row, table)
        }
    }

    /// `COMMAND GETKEYS command [word …]`: the keys.
    static func keys(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let (request, found) = try foundKeys(arguments, call)
        call.reply.array(found.count)
        for key in found { call.reply.bulk(request[key.index]) }
    }

    /// `COMMAND GETKEYSANDFLAGS command [word …]`: pairs of a key and its flags.
    static func keysAndUses(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let (request, found) = try foundKeys(arguments, call)
        call.reply.array(found.count)
        for key in found {
            call.reply.array(2)
            call.reply.bulk(request[key.index])
            call.reply.names(key.use.names)
        }
    }

    private static func foundKeys(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> (Arguments, [KeyFinder.Found]) {
        let table = call.server.registry.table
        let call = arguments.dropFirst(2)
        guard var row = table.row(call[0]) else {
            throw .server(.commandUnknown)
        }
        if table.subcommands[row] != nil, call.count > 1 {
            guard let child = table.subcommand(call[1], of: row) else {
                throw .server(.commandUnknown)
            }
            row = child
        }
        let facts = table.facts[row]
        guard !facts.keys.isEmpty else {
            throw .server(.commandKeyless)
        }
        guard facts.accepts(wordCount: call.count) else {
            throw .server(.commandWordCount)
        }
        do throws(KeyFinder.Failure) {
            var found: [KeyFinder.Found] = []
            try KeyFinder.forEachUse(facts, call) {
                found.append(KeyFinder.Found(index: $0, use: $1))
            }
            // Only scripts and the like may be called without keys.
            if facts.group != .scripting, try lacksKeys(facts.keys, call) { throw .invalid }
            return (call, found)
        } catch {
            throw .server(.commandWords)
        }
    }

    /// Whether there are no keys at all, or the number of keys is zero.
    private static func lacksKeys(
        _ specs: [KeySpec],
        _ call: Arguments
    ) throws(KeyFinder.Failure) -> Bool {
        var hasSome = false
        for spec in specs {
            let isEmpty = try KeyFinder.keys([spec], call).isEmpty
            if isEmpty, case .counted = spec.find { return true }
            if !isEmpty { hasSome = true }
        }
        return !hasSome
    }

    /// `COMMAND HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "(no subcommand)",
            "    Return details about all Redis commands.",
            "COUNT",
            "    Return the total number of commands in this Redis server.",
            "LIST",
            "    Return a list of all commands in this Redis server.",
            "INFO [<command-name> ...]",
            "    Return details about multiple Redis commands.",
            "    If no command names are given, documentation details for all",
            "    commands are returned.",
            "DOCS [<command-name> ...]",
            "    Return documentation details about multiple Redis commands.",
            "    If no command names are given, documentation details for all",
            "    commands are returned.",
            "GETKEYS <full-command>",
            "    Return the keys from a full Redis command.",
            "GETKEYSANDFLAGS <full-command>",
            "    Return the keys and the access flags from a full Redis command.",
            "HELP",
            "    Print this help.",
        ])
    }
}

extension CommandFacts {
    /// The name as shown to clients: in lower case, with `|` before a subcommand.
    var clientName: [UInt8] {
        var name = ByteBuffer()
        name.appendLowercase(Bytes(self.name))
        return name.bytes.array
    }
}

/// Long replies that never change, cached once they have been written.
struct KeptReplies {
    /// The reply.
    enum Name: Int {
        /// To COMMAND.
        case commands
        /// To COMMAND DOCS.
        case docs
    }

    /// By name and protocol; empty until first requested.
    private var texts: [[UInt8]] = Array(repeating: [], count: 4)

    /// Appends a reply, which `write` writes on first use.
    mutating func add(
        _ name: Name,
        to reply: inout ReplyWriter,
        _ write: (inout ReplyWriter) -> Void
    ) {
        let place = name.rawValue * 2 + (reply.isRESP3 ? 1 : 0)
        guard texts[place].isEmpty else { return texts[place].withBytes { reply.raw($0) } }
        let start = reply.buffer.count
        write(&reply)
        texts[place] = reply.buffer.bytes.dropFirst(start).array
    }
}
