internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// A client and its connection: greeting, choosing, naming, leaving.
enum SessionCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("PING", arity: -1, [.fast], group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "[message]", summary: "Answers PONG, or the message it is given.", tips: ["request_policy:all_shards", "response_policy:all_succeeded"], ping),
        AdminCommand("ECHO", arity: 2, [.loading, .stale, .fast], group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "message", summary: "Answers the message it is given.", echo),
        AdminCommand("SELECT", arity: 2, [.loading, .stale, .fast], group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "index:i", summary: "Chooses the database that the connection works on.", select),
        AdminCommand("QUIT", arity: -1, [.loading, .stale, .fast, .noAuth, .noScript, .allowBusy], group: .connection, since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Ends the connection after its replies.", quit),
    ]
}

extension SessionCommands {
    /// `PING [message]`.
    static func ping(_ arguments: Arguments, _ session: Session) throws(CommandError) {
        guard arguments.count <= 2 else { throw .wordCount }
        if arguments.count == 2 {
            session.worker.context.reply.bulk(arguments[1])
        } else {
            session.worker.context.reply.simple("PONG")
        }
    }

    /// `ECHO message`.
    static func echo(_ arguments: Arguments, _ session: Session) throws(CommandError) {
        session.worker.context.reply.bulk(arguments[1])
    }

    /// `SELECT index`.
    static func select(_ arguments: Arguments, _ session: Session) throws(CommandError) {
        let range = 0...Int64(session.server.keyspace.databaseCount - 1)
        guard let index = DecimalText.integer(arguments[1]) else {
            throw CommandError("ERR value is not an integer or out of range")
        }
        guard range.contains(index) else { throw .databaseRange }
        session.client.database = UInt16(index)
        session.worker.context.reply.ok()
    }

    /// `QUIT`.
    static func quit(_ arguments: Arguments, _ session: Session) throws(CommandError) {
        session.client.state.insert(.closesAfterReply)
        session.worker.context.reply.ok()
    }
}
