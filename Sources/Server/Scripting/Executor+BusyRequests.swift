internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Requests of other clients of this worker, while one of its scripts is busy.
extension Executor {
    /// Runs a request, or replies that the server is busy.
    ///
    /// Returns the reply; nil if the request has to wait until the script has ended.
    func replyWhileBusy(_ arguments: Arguments, _ connection: Connection) -> [UInt8]? {
        apart(connection.session) { runWhileBusy(arguments, connection) }
    }

    /// The reply to what is not a request.
    func reply(to failure: ProtocolFailure, of connection: Connection) -> [UInt8] {
        let reply = apart(connection.session) {
            if !connection.session.isSilent { context.reply.error(failure) }
            return true
        }
        return reply ?? []
    }

    /// Calls `body`, which replies to a request of `session`, and returns the reply, or nil if
    /// `body` returns false.
    ///
    /// The script then continues unaffected.
    private func apart(_ session: Session, _ body: () -> Bool) -> [UInt8]? {
        // The script's own reply, or that of its last command, precedes the mark.
        let mark = context.reply.buffer.count
        let outer = Suspended(context)
        let (readsNamedKeysOnly, received) = (context.readsNamedKeysOnly, context.received)
        context.reply.dialect = session.dialect
        context.received = nil
        let isDone = body()
        let reply = isDone ? context.reply.bytes(from: mark) : nil
        context.reply.truncate(to: mark)
        context.received = received
        context.readsNamedKeysOnly = readsNamedKeysOnly
        outer.resume(&context)
        return reply
    }

    /// Replies to a request; returns false if it has to wait.
    private func runWhileBusy(_ arguments: Arguments, _ connection: Connection) -> Bool {
        let session = connection.session
        var number = registry.table.row(arguments[0]) ?? -1
        if number < 0 || registry.row(number).isContainer {
            guard let child = resolve(number, arguments, connection) else { return true }
            number = child
        }
        if let refusal = refusalWhileBusy(number, arguments, connection) {
            reject(refusal, number, session)
            return true
        }
        let plan = plan(number, arguments)
        let missing = plan.partitions.subtracting(context.held)
        // Not waiting for locks: they may come before those of the script in the order of locks.
        guard context.keyspace.tryLock(missing) else { return false }
        context.held.formUnion(missing)
        defer {
            context.held.subtract(missing)
            context.keyspace.unlock(missing)
        }
        session.beginCommand()
        let start = context.reply.buffer.count
        if session.traits.contains(.queues), !registry.row(number).flags.contains(.neverQueued) {
            queue(number, arguments, connection)
        } else if isShutDown(number) {
            server.end(because: "User requested shutdown while a script was busy...")
        } else {
            do throws(CommandError) {
                let outcome = try runHandler(number, arguments, plan, session, connection)
                assert(outcome == .done, "these commands never wait")
            } catch {
                replyError(error, number)
            }
            session.commandCount &+= 1
        }
        settleReply(from: start, session)
        return true
    }

    /// Why a request may not run while a script is busy; nil if it may.
    private func refusalWhileBusy(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection
    ) -> CommandError? {
        guard registry.row(number).accepts(wordCount: arguments.count) else { return .wordCount }
        if let refusal = refusal(number, arguments, connection) { return refusal }
        let isAllowed =
            isShutDown(number)
            ? arguments.count == 2 && arguments[1].isWord("NOSAVE")
            : registry.row(number).flags.contains(.allowBusy)
        let isFunction = server.busyScripts.isFunction == true
        return isAllowed ? nil : .script(isFunction ? .busyFunction : .busyScript)
    }

    private func isShutDown(_ number: Int) -> Bool {
        Bytes(registry.table.facts[number].name) == Bytes("SHUTDOWN")
    }
}
