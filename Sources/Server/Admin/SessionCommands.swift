internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// HELLO, AUTH, SELECT and other commands about the connection itself.
enum SessionCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("PING", arity: -1, [.fast, .whileSubscribed], group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "[message]", summary: "Returns PONG, or the given message.", tips: ["request_policy:all_shards", "response_policy:all_succeeded"], ping),
        AdminCommand("ECHO", arity: 2, [.loading, .stale, .fast], group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "message", summary: "Returns the given message.", echo),
        AdminCommand("SELECT", arity: 2, [.loading, .stale, .fast, .locksItself], databases: .words(1..<2), group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "index:i", summary: "Changes the connection's database.", select),
        AdminCommand("QUIT", arity: -1, [.loading, .stale, .fast, .noAuth, .noScript, .allowBusy, .whileSubscribed, .neverQueued], group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Closes the connection after its replies.", deprecated: Deprecation(since: "7.2.0", by: "just closing the connection"), quit),
        AdminCommand("AUTH", arity: -2, [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy], secrets: .from(1), group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "[username] password", summary: "Authenticates the connection by a password, and by the name of a user unless it is the default one.", authenticate),
        AdminCommand("HELLO", arity: -1, [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy], secrets: .behind("AUTH", from: 2, count: 2), group: .connection, since: "6.0.0", complexity: "O(1)", syntax: "[arguments=<protover:i [AUTH auth=<username password>] [SETNAME clientname]>]", summary: "Sets the protocol version and returns information about the server.", hello),
        AdminCommand("RESET", arity: 1, [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy, .whileSubscribed, .neverQueued], group: .connection, since: "6.2.0", complexity: "O(1)", syntax: "", summary: "Resets the connection to its initial state.", reset),
    ]
}

extension SessionCommands {
    /// `PING [message]`.
    static func ping(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 2 else { throw .wordCount }
        if call.session.traits.contains(.subscribed), !call.session.isRESP3 {
            // In RESP2, subscribed clients expect arrays.
            call.reply.array(2)
            call.reply.bulk("pong")
            call.reply.bulk(arguments.count == 2 ? arguments[1] : Bytes())
        } else if arguments.count == 2 {
            // While a log is replayed: the note of a memcached item's head, which precedes its
            // value.
            if call.connection == nil, ItemNote.isNote(arguments[1]) {
                call.worker.executor.context.replayItemNote(arguments[1])
            }
            call.reply.bulk(arguments[1])
        } else {
            call.reply.simple("PONG")
        }
    }

    /// `ECHO message`.
    static func echo(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.bulk(arguments[1])
    }

    /// `SELECT index`.
    static func select(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let index = try arguments.databaseIndex(1, count: call.server.keyspace.databaseCount)
        let held = call.worker.executor.context.held
        call.server.keyspace.openDatabase(index, held: held)
        call.session.database = index
        call.reply.ok()
    }

    /// `AUTH [username] password`: OK.
    static func authenticate(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count <= 3 else { throw .syntax }
        if arguments.count == 2, call.server.access.standard.rules.needsNoPassword {
            throw .client(.noPassword)
        }
        try call.admit(
            user: arguments.count == 3 ? arguments[1] : Bytes("default"),
            password: arguments[arguments.count - 1],
            by: arguments[0]
        )
        call.reply.ok()
    }

    /// `HELLO [version [AUTH username password] [SETNAME name]]`: a map about the server.
    static func hello(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        var isRESP3 = call.session.isRESP3
        if arguments.count > 1 {
            guard let version = DecimalText.integer(arguments[1]) else {
                throw .client(.protocolVersion)
            }
            guard version == 2 || version == 3 else {
                throw .client(.protocolUnknown)
            }
            isRESP3 = version == 3
            try readHelloOptions(arguments, call)
        }
        guard !call.session.traits.contains(.unauthenticated) else {
            throw .client(.helloNeedsPassword)
        }
        call.session.isRESP3 = isRESP3
        call.reply.isRESP3 = isRESP3
        call.reply.greeting(id: call.session.id)
    }

    private static func readHelloOptions(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        var index = 2
        var name: Bytes?
        while index < arguments.count {
            if arguments[index].isWord("AUTH"), index + 2 < arguments.count {
                try call.admit(
                    user: arguments[index + 1],
                    password: arguments[index + 2],
                    by: arguments[0]
                )
                index += 3
            } else if arguments[index].isWord("SETNAME"), index + 1 < arguments.count {
                guard Session.isPlain(arguments[index + 1]) else {
                    throw .client(.name)
                }
                name = arguments[index + 1]
                index += 2
            } else {
                throw .client(.helloOption(arguments[index]))
            }
        }
        if let name { try call.session.setName(name) }
    }

    /// `RESET`.
    static func reset(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        if let connection = call.connection { call.worker.endFollowing(connection) }
        call.session.reset(to: call.server.access.standard)
        call.worker.executor.context.ignoresUses = false
        call.reply.isRESP3 = false
        call.reply.simple("RESET")
    }

    /// `QUIT`.
    static func quit(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.connection?.state.insert(.closesAfterReply)
        call.reply.ok()
    }
}

extension AdminCall {
    /// Authenticates the client as the user `name`, or throws the error for a wrong password.
    ///
    /// `word` is the name of the command, for the log of denials.
    func admit(user name: Bytes, password: Bytes, by word: Bytes) throws(CommandError) {
        guard let user = server.access[name], user.accepts(password) else {
            worker.executor.noteStranger(name, word, connection)
            throw .client(.wrongPassword)
        }
        session.become(user, isAuthenticated: true)
    }
}

extension ReplyWriter {
    /// The reply to HELLO.
    mutating func greeting(id: UInt64) {
        map(7)
        bulk("server")
        bulk("redis")
        bulk("version")
        bulk(Version.redis)
        bulk("proto")
        integer(isRESP3 ? 3 : 2)
        bulk("id")
        integer(Int64(id))
        bulk("mode")
        bulk("standalone")
        bulk("role")
        bulk("master")
        bulk("modules")
        array(0)
    }
}
