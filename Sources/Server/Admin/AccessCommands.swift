internal import Commands
internal import Primitives
internal import Wire

/// ACL: users and their permissions.
enum AccessCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("ACL", arity: -2, [], group: .server, since: "6.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about users.", help),
        AdminCommand("ACL SETUSER", arity: -3, [.admin, .noScript, .loading, .stale, .stopsWorld], secrets: .from(2), group: .server, since: "6.0.0", complexity: "O(N) where N is the number of rules", syntax: "username [rule...]", summary: "Creates a user, or changes its rules.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], setUser),
        AdminCommand("ACL GETUSER", arity: 3, [.admin, .noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(N) where N is the number of rules", syntax: "username", summary: "Returns what a user may do.", getUser),
        AdminCommand("ACL LIST", arity: 2, [.admin, .noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(N) where N is the number of users", syntax: "", summary: "Lists the rules of all users.", list),
        AdminCommand("ACL USERS", arity: 2, [.admin, .noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(N) where N is the number of users", syntax: "", summary: "Lists the names of all users.", users),
        AdminCommand("ACL DELUSER", arity: -3, [.admin, .noScript, .loading, .stale, .stopsWorld], group: .server, since: "6.0.0", complexity: "O(N) where N is the number of connections", syntax: "username...", summary: "Deletes users and closes their connections.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], deleteUsers),
        AdminCommand("ACL CAT", arity: -2, [.noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(1)", syntax: "[category]", summary: "Lists the categories, or the commands in one.", categories),
        AdminCommand("ACL DRYRUN", arity: -4, [.admin, .noScript, .loading, .stale], group: .server, since: "7.0.0", complexity: "O(1)", syntax: "username command [arg...]", summary: "Checks whether a user may run a command, without running it.", tryOut),
        AdminCommand("ACL GENPASS", arity: -2, [.noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(1)", syntax: "[bits:i]", summary: "Generates a password.", makePassword),
        AdminCommand("ACL LOG", arity: -2, [.admin, .noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(N) where N is the number of entries", syntax: "operation=(count:i | RESET)?", summary: "Lists recent denials, or clears the list.", log),
        AdminCommand("ACL LOAD", arity: 2, [.admin, .noScript, .loading, .stale, .stopsWorld], group: .server, since: "6.0.0", complexity: "O(N) where N is the number of rules", syntax: "", summary: "Replaces all users by those in the ACL file.", load),
        AdminCommand("ACL SAVE", arity: 2, [.admin, .noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(N) where N is the number of rules", syntax: "", summary: "Writes all users to the ACL file.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], save),
        AdminCommand("ACL WHOAMI", arity: 2, [.noScript, .loading, .stale], group: .server, since: "6.0.0", complexity: "O(1)", syntax: "", summary: "Returns the user of the connection.", whoAmI),
        AdminCommand("ACL HELP", arity: 2, [.loading, .stale], group: .server, since: "6.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of ACL.", help),
    ]
}

extension AccessCommands {
    /// `ACL CAT [category]`: all categories, or the commands of one.
    static func categories(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count > 2 else {
            return call.reply.names(CommandFacts.categoryOrder, isSet: false)
        }
        guard arguments.count == 3 else { return refuseWords(arguments, call) }
        let vocabulary = call.server.access.vocabulary
        guard let rows = vocabulary.category(arguments[2].array.lowercased) else {
            return call.refuse("ERR Unknown category '\(arguments[2].string)'")
        }
        call.reply.array(rows.count)
        for row in rows {
            vocabulary.table.facts[row].clientName.withBytes { call.reply.bulk($0) }
        }
    }

    /// `ACL GENPASS [bits]`: that many random bits, in hexadecimal digits.
    static func makePassword(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 3 else { return refuseWords(arguments, call) }
        let bits = arguments.count == 3 ? try arguments.integer(2) : 256
        guard bits > 0, bits <= 4096 else {
            return call.refuse(
                "ERR ACL GENPASS argument must be the number of bits for the output password, a "
                    + "positive number up to 4096"
            )
        }
        let digits = Array("0123456789abcdef".utf8)
        // The system's generator is suitable for secrets.
        var chance = SystemRandomNumberGenerator()
        let password = (0..<Int(bits + 3) / 4).map { _ in
            digits[Int.random(in: 0..<16, using: &chance)]
        }
        password.withBytes { call.reply.bulk($0) }
    }

    /// `ACL LOG [count | RESET]`: the latest denials, newest first.
    static func log(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 3 else { return refuseWords(arguments, call) }
        let log = call.server.access.log
        var count = 10
        if arguments.count == 3 {
            if arguments[2].isWord("RESET") {
                log.reset()
                return call.reply.ok()
            }
            count = Int(max(try arguments.integer(2), 0))
        }
        let entries = log.latest(count, limit: call.server.options.accessLogMax)
        let now = Clock.unixMilliseconds()
        call.reply.array(entries.count)
        for entry in entries { call.reply.describe(entry, now: now) }
    }

    /// `ACL WHOAMI`: the name of the client's user.
    static func whoAmI(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let user = call.session.user else { return call.reply.null() }
        call.reply.bulk(user.name)
    }

    /// Replies that a subcommand does not take these arguments.
    static func refuseWords(_ arguments: Arguments, _ call: AdminCall) {
        call.refuse(
            "ERR unknown subcommand or wrong number of arguments for "
                + "'\(arguments[1][0..<min(arguments[1].count, 128)].string)'. Try ACL HELP."
        )
    }

    /// `ACL HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "ACL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "CAT [<category>]",
            "    List all commands that belong to <category>, or all command categories",
            "    when no category is specified.",
            "DELUSER <username> [<username> ...]",
            "    Delete a list of users.",
            "DRYRUN <username> <command> [<arg> ...]",
            """
                Returns whether the user can execute the given command without executing the \
            command.
            """,
            "GETUSER <username>",
            "    Get the user's details.",
            "GENPASS [<bits>]",
            "    Generate a secure 256-bit user password. The optional `bits` argument can",
            "    be used to specify a different size.",
            "LIST",
            "    Show users details in config file format.",
            "LOAD",
            "    Reload users from the ACL file.",
            "LOG [<count> | RESET]",
            "    Show the ACL log entries.",
            "SAVE",
            "    Save the current config to the ACL file.",
            "SETUSER <username> <attribute> [<attribute> ...]",
            "    Create or modify a user with the specified attributes.",
            "USERS",
            "    List all the registered usernames.",
            "WHOAMI",
            "    Return the current connection username.",
            "HELP",
            "    Print this help.",
        ])
    }
}

extension AdminCall {
    /// Replies with an error message and counts the error.
    func refuse(_ text: String) { worker.executor.refuse(text) }
}

extension ReplyWriter {
    /// An entry of ACL LOG.
    fileprivate mutating func describe(_ entry: AccessLog.Entry, now: Int64) {
        map(10)
        bulk("count")
        integer(entry.count)
        bulk("reason")
        bulk(text: entry.reason.rawValue)
        bulk("context")
        bulk(text: entry.context.rawValue)
        bulk("object")
        entry.object.withBytes { bulk($0) }
        bulk("username")
        entry.user.withBytes { bulk($0) }
        bulk("age-seconds")
        double(Double(max(now - entry.updatedAt, 0)) / 1000)
        bulk("client-info")
        entry.client.withBytes { bulk($0) }
        bulk("entry-id")
        integer(entry.id)
        bulk("timestamp-created")
        integer(entry.createdAt)
        bulk("timestamp-last-updated")
        integer(entry.updatedAt)
    }
}
