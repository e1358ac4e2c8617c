internal import Commands
internal import Primitives
internal import Wire

/// What a client asks for while a script is busy.
struct BusyRequest {
    /// What to do about it.
    enum Kind {
        case killScript, killFunction, shutDown, quit
        /// Run it: AUTH, HELLO or FUNCTION STATS.
        case run
        /// Let it wait until the script has ended: it is allowed, but changes the client's state.
        case wait
        /// Reply that the server is busy.
        case refuse
    }

    let kind: Kind
    /// The row of the command; -1 if unknown.
    let row: Int

    /// Reads a request.
    init(_ arguments: Arguments, _ registry: Registry) {
        guard var row = registry.table.row(arguments[0]) else {
            (kind, self.row) = (.refuse, -1)
            return
        }
        if registry.row(row).isContainer, arguments.count > 1,
            let child = registry.table.subcommand(arguments[1], of: row)
        {
            row = child
        }
        self.row = row
        guard registry.row(row).accepts(wordCount: arguments.count) else {
            kind = .refuse
            return
        }
        switch registry.table.facts[row].name.description {
        case "SCRIPT KILL": kind = .killScript
        case "FUNCTION KILL": kind = .killFunction
        case "SHUTDOWN":
            let isAllowed = arguments.count == 2 && arguments[1].isWord("NOSAVE")
            kind = isAllowed ? .shutDown : .refuse
        case "QUIT": kind = .quit
        case "AUTH", "HELLO", "FUNCTION STATS": kind = .run
        default: kind = registry.row(row).flags.contains(.allowBusy) ? .wait : .refuse
        }
    }
}

extension Executor {
    /// The reply to a request of another client, while a script of this worker is busy.
    func replyWhileBusy(
        _ request: BusyRequest,
        _ arguments: Arguments,
        _ connection: Connection
    ) -> [UInt8] {
        // The script's own reply, or that of its last command, precedes the mark.
        let mark = context.reply.buffer.count
        let dialect = context.reply.dialect
        let readsNamedKeysOnly = context.readsNamedKeysOnly
        context.reply.dialect = connection.session.dialect
        do throws(CommandError) {
            try writeReply(to: request, arguments, connection)
        } catch {
            context.reply.truncate(to: mark)
            let name = request.row < 0 ? "" : registry.table.facts[request.row].name
            context.reply.error(error, command: name)
        }
        let reply = context.reply.bytes(from: mark)
        context.reply.truncate(to: mark)
        context.reply.dialect = dialect
        context.readsNamedKeysOnly = readsNamedKeysOnly
        return reply
    }

    private func writeReply(
        to request: BusyRequest,
        _ arguments: Arguments,
        _ connection: Connection
    ) throws(CommandError) {
        let session = connection.session
        if request.row < 0 || !registry.row(request.row).flags.contains(.noAuth) {
            guard !session.traits.contains(.unauthenticated) else { throw .authenticationNeeded }
        }
        if request.kind != .refuse, let denial = denial(request.row, arguments, session) {
            throw note(denial, request.row, arguments, session, connection, in: .toplevel)
        }
        switch request.kind {
        case .killScript, .killFunction:
            try server.killScripts(isFunction: request.kind == .killFunction)
            context.reply.ok()
        case .shutDown: server.end(because: "User requested shutdown while a script was busy...")
        case .quit: context.reply.ok()
        case .run:
            guard case .admin(let handler) = registry.row(request.row).runner else { return }
            let call = AdminCall(
                server: server,
                worker: worker,
                session: session,
                connection: connection
            )
            try handler(arguments, call)
        case .wait, .refuse:
            let isFunction = server.busyScripts.isFunction == true
            throw .script(isFunction ? .busyFunction : .busyScript)
        }
    }
}
