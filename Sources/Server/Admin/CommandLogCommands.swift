internal import Commands
internal import Primitives
internal import Wire

/// SLOWLOG and COMMANDLOG: slow commands, large requests and large replies.
enum CommandLogCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("SLOWLOG", arity: -2, [], group: .server, since: "2.2.12", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about slow commands.", help),
        AdminCommand("SLOWLOG GET", arity: -2, [.admin, .loading, .stale], group: .server, since: "2.2.12", complexity: "O(N) where N is the number of entries", syntax: "[count:i]", summary: "Returns the latest slow commands.", tips: ["request_policy:all_nodes", "nondeterministic_output"], slow),
        AdminCommand("SLOWLOG LEN", arity: 2, [.admin, .loading, .stale], group: .server, since: "2.2.12", complexity: "O(1)", syntax: "", summary: "Counts the entries of the slow log.", tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"], countSlow),
        AdminCommand("SLOWLOG RESET", arity: 2, [.admin, .loading, .stale], group: .server, since: "2.2.12", complexity: "O(N) where N is the number of entries", syntax: "", summary: "Clears the slow log.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], resetSlow),
        AdminCommand("SLOWLOG HELP", arity: 2, [.loading, .stale], group: .server, since: "6.2.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of SLOWLOG.", help),
        AdminCommand("COMMANDLOG", arity: -2, [], group: .server, since: "8.1.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about slow commands, large requests and large replies.", logHelp),
        AdminCommand("COMMANDLOG GET", arity: 4, [.admin, .loading, .stale], group: .server, since: "8.1.0", complexity: "O(N) where N is the number of entries", syntax: "count:i type=(SLOW | LARGE-REQUEST | LARGE-REPLY)", summary: "Returns the latest entries of one of the command logs.", tips: ["request_policy:all_nodes", "nondeterministic_output"], entries),
        AdminCommand("COMMANDLOG LEN", arity: 3, [.admin, .loading, .stale], group: .server, since: "8.1.0", complexity: "O(1)", syntax: "type=(SLOW | LARGE-REQUEST | LARGE-REPLY)", summary: "Counts the entries of one of the command logs.", tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"], count),
        AdminCommand("COMMANDLOG RESET", arity: 3, [.admin, .loading, .stale], group: .server, since: "8.1.0", complexity: "O(N) where N is the number of entries", syntax: "type=(SLOW | LARGE-REQUEST | LARGE-REPLY)", summary: "Clears one of the command logs.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], reset),
        AdminCommand("COMMANDLOG HELP", arity: 2, [.loading, .stale], group: .server, since: "8.1.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of COMMANDLOG.", logHelp),
    ]
}

extension CommandLogCommands {
    /// `SLOWLOG GET [count]`: entries, most recent first.
    static func slow(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 3 else {
            return call.refuse(
                "ERR unknown subcommand or wrong number of arguments for "
                    + "'\(arguments[1].string)'. Try SLOWLOG HELP."
            )
        }
        tell(.slow, try arguments.count == 3 ? count(arguments[2]) : 10, call)
    }

    /// `SLOWLOG LEN`.
    static func countSlow(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        tellCount(.slow, call)
    }

    /// `SLOWLOG RESET`: OK.
    static func resetSlow(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.server.commandLog.reset(.slow)
        call.reply.ok()
    }

    /// `COMMANDLOG GET count kind`: entries, most recent first.
    static func entries(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let count = try count(arguments[2])
        tell(try kind(arguments[3]), count, call)
    }

    /// `COMMANDLOG LEN kind`.
    static func count(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        tellCount(try kind(arguments[2]), call)
    }

    /// `COMMANDLOG RESET kind`: OK.
    static func reset(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.server.commandLog.reset(try kind(arguments[2]))
        call.reply.ok()
    }

    private static func kind(_ word: Bytes) throws(CommandError) -> CommandLog.Kind {
        guard let kind = CommandLog.Kind(word) else { throw .server(.commandLogKind) }
        return kind
    }

    /// A number of entries; -1 means all.
    private static func count(_ word: Bytes) throws(CommandError) -> Int {
        guard let count = DecimalText.integer(word), count >= -1 else {
            throw .server(.commandLogCount)
        }
        return count < 0 ? .max : Int(count)
    }

    private static func tell(_ kind: CommandLog.Kind, _ count: Int, _ call: AdminCall) {
        let limit = call.server.options.commandLogMax(kind)
        let entries = call.server.commandLog.latest(kind, count, limit: limit)
        call.reply.array(entries.count)
        for entry in entries {
            call.reply.array(6)
            call.reply.integer(entry.id)
            call.reply.integer(entry.time)
            call.reply.integer(entry.measure)
            call.reply.array(entry.words.count)
            for word in entry.words { word.withBytes { call.reply.bulk($0) } }
            entry.client.withBytes { call.reply.bulk($0) }
            entry.name.withBytes { call.reply.bulk($0) }
        }
    }

    private static func tellCount(_ kind: CommandLog.Kind, _ call: AdminCall) {
        let limit = call.server.options.commandLogMax(kind)
        call.reply.integer(call.server.commandLog.count(kind, limit: limit))
    }

    /// `SLOWLOG HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "GET [<count>]",
            "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
            "    Entries are made of:",
            "    id, timestamp, time in microseconds, arguments array, client IP and port,",
            "    client name",
            "LEN",
            "    Return the length of the slowlog.",
            "RESET",
            "    Reset the slowlog.",
            "HELP",
            "    Print this help.",
        ])
    }

    /// `COMMANDLOG HELP`.
    static func logHelp(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "COMMANDLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "GET <count> <type>",
            "    Return top <count> entries of the specified <type> (-1 mean all).",
            "    Entries are made of:",
            "    id, timestamp,",
            "        time in microseconds for type of slow,",
            "        or size in bytes for type of large-request,",
            "        or size in bytes for type of large-reply",
            "    arguments array, client IP and port,",
            "    client name",
            "LEN <type>",
            "    Return the length of the specified type of commandlog.",
            "RESET <type>",
            "    Reset the specified type of commandlog.",
            "HELP",
            "    Print this help.",
        ])
    }
}
