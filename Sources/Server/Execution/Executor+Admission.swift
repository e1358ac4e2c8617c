internal import CSupport
internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// The slow paths of a request: callers that need a check, and rejections.
extension Executor {
    /// Runs a request if its caller may, and drops the reply if the caller wants none.
    @inline(never)
    func runIfAdmitted(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection
    ) -> Wait? {
        let session = connection.session
        noteBinaryRequest(arguments)
        if !session.traits.isDisjoint(with: .notified) {
            worker.deliverPosts(before: connection)
            guard !connection.state.contains(.closed) else { return nil }
        }
        if let refusal = refusal(number, arguments, connection) {
            reject(refusal, number, session)
            return nil
        }
        let concerns = concerns(about: number, session)
        if concerns.contains(.loading) {
            reject(.server(.loading), number, session)
            return nil
        }
        if concerns.contains(.disk) {
            reject(diskRefusal(), number, session)
            return nil
        }
        if concerns.contains(.busy), let refusal = busyRefusal(number, arguments, session) {
            reject(refusal, number, session)
            return nil
        }
        if !concerns.isDisjoint(with: [.notifications, .monitors]), mustHoldBack() {
            return .partitions
        }
        if !concerns.isDisjoint(with: .pauses), mustPause() { return .pause }
        let isBounded = concerns.contains(.dataSize)
        if isBounded {
            switch makeRoom(for: arguments, mayBeRefused: concerns.contains(.memory)) {
            case .granted: break
            case .later:
                context.readsNamedKeysOnly = false
                return .partitions
            case .none:
                reject(.outOfMemory, number, session)
                return nil
            }
        }
        session.beginCommand()
        let start = context.reply.buffer.count
        if session.traits.contains(.queues), !registry.row(number).flags.contains(.neverQueued) {
            queue(number, arguments, connection)
            if isBounded { showCredit() }
            settleReply(from: start, session)
            return nil
        }
        let begin = alerts.contains(.hotKeys) ? apus_cycles() : 0
        let items = concerns.contains(.items) ? itemsBefore(number, arguments) : nil
        let wait =
            concerns.contains(.importing)
            ? runImporting(number, arguments, connection, countsUse: isBounded)
            : runObserved(number, arguments, connection, countsUse: isBounded)
        if isBounded { showCredit() }
        context.readsNamedKeysOnly = false
        if wait == nil, let items { noteItem(arguments, items, connection) }
        if wait == nil, !alerts.isDisjoint(with: [.sizes, .hotKeys]) {
            noteCosts(number, arguments, connection, replyStart: start, begin: begin)
        }
        if wait == nil { settleReply(from: start, session) }
        return wait
    }

    /// The error for changes that could not be saved.
    func diskRefusal() -> CommandError {
        guard let failure = server.appendOnly.failure else { return .server(.cannotPersist) }
        context.errorDetail.truncate(to: 0)
        context.errorDetail.append(string: failure.reason)
        return .server(.cannotAppend(context.errorDetail.bytes))
    }

    /// The alerts that concern a request; for EXEC, those that concern its queued requests.
    private func concerns(about number: Int, _ session: Session) -> Concerns {
        guard !alerts.isEmpty else { return [] }
        var asks = registry.row(number).asks
        if let transaction = session.transaction, isExecute(number) {
            asks.formUnion(transaction.asks)
        }
        return asks.intersection(alerts)
    }

    /// Whether a request must wait because it may trigger notifications while a worker has too many
    /// to deliver.
    private func mustHoldBack() -> Bool {
        mayWaitForPartitions && server.workers.contains { $0.mailbox.hasManyPosts }
    }

    /// Whether a request must wait for the end of a pause that concerns it.
    private func mustPause() -> Bool {
        guard server.pause.lasts(context.now) else {
            server.endPause(worker)
            return false
        }
        // A command that has started its work finishes it.
        return resumedWork == nil
    }

    /// Why a request may not run at the moment; nil if it may.
    func refusal(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection
    ) -> CommandError? {
        let session = connection.session
        if session.traits.contains(.unauthenticated),
            !registry.row(number).flags.contains(.noAuth)
        {
            return .authenticationNeeded
        }
        if session.traits.contains(.queues), registry.row(number).flags.contains(.noMulti) {
            return .transaction(.notAllowed)
        }
        if let denial = denial(number, arguments, session) {
            return note(denial, number, arguments, session, connection, in: .toplevel)
        }
        if session.traits.contains(.subscribed), !session.isRESP3,
            !registry.row(number).flags.contains(.whileSubscribed)
        {
            return .client(.subscribed)
        }
        return nil
    }

    /// Removes the reply from `start` on if the caller wants none; the command has finished.
    ///
    /// Pushes are not replies.
    func settleReply(from start: Int, _ session: Session) {
        let isPush = repliedByPush
        repliedByPush = false
        if session.isSilent, !isPush {
            let start = min(start, context.reply.buffer.count)
            context.reply.truncate(to: max(start, settledReplies))
        }
        settledReplies = 0
        session.endCommand()
    }

    // MARK: Looking up

    /// The row of a subcommand; if there is none, replies with an error and returns nil.
    @inline(never)
    func resolve(_ number: Int, _ arguments: Arguments, _ connection: Connection) -> Int? {
        let session = connection.session
        if number >= 0, arguments.count < 2 { return number }
        if number >= 0, let child = registry.table.subcommand(arguments[1], of: number) {
            hashFirstKey(of: child, arguments)
            return child
        }
        let start = context.reply.buffer.count
        if number >= 0 {
            refuseSubcommand(arguments, number)
        } else if arguments[0].isWord("POST") || arguments[0].isWord("HOST:") {
            worker.cutOff(connection)
            return nil
        } else {
            refuseCommand(arguments)
        }
        countError(from: start)
        session.transaction?.hasFailed = true
        endRejection(from: start, session)
        return nil
    }

    private func refuseCommand(_ arguments: Arguments) {
        var text = ByteBuffer()
        text.append("ERR unknown command '")
        text.append(arguments[0][0..<min(arguments[0].count, 128)])
        text.append("', with args beginning with: ")
        let start = text.count
        for index in 1..<max(arguments.count, 1) {
            let room = 128 - (text.count - start)
            guard room > 0 else { break }
            text.append("'")
            text.append(arguments[index][0..<min(arguments[index].count, room)])
            text.append("' ")
        }
        context.reply.error(text.bytes)
    }

    private func refuseSubcommand(_ arguments: Arguments, _ row: Int) {
        var text = ByteBuffer()
        text.append("ERR unknown subcommand '")
        text.append(arguments[1][0..<min(arguments[1].count, 128)])
        text.append("'. Try ")
        text.append(Bytes(registry.table.facts[row].name))
        text.append(" HELP.")
        context.reply.error(text.bytes)
    }

    // MARK: Rejecting

    /// Replies that a request may not run, and counts it.
    ///
    /// The transaction to which it belongs, if any, will not run.
    @inline(never)
    func reject(_ error: CommandError, _ number: Int, _ session: Session) {
        let start = context.reply.buffer.count
        statistics.countRejection(number)
        if isExecute(number) { return abort(because: error, number, session) }
        session.transaction?.hasFailed = true
        replyError(error, number)
        endRejection(from: start, session)
    }

    private func isExecute(_ number: Int) -> Bool {
        Bytes(registry.table.facts[number].name) == Bytes("EXEC")
    }

    /// Replies that EXEC may not run, and ends the transaction.
    private func abort(because error: CommandError, _ number: Int, _ session: Session) {
        var line = ErrorLine(command: registry.table.facts[number].name)
        error.write(to: &line)
        var text = ByteBuffer()
        text.append("EXECABORT Transaction discarded because of: ")
        let isPlain = line.text[0..<min(line.text.count, 4)] == Bytes("ERR ")
        text.append(line.text.dropFirst(isPlain ? 4 : 0))
        let start = context.reply.buffer.count
        context.reply.error(text.bytes)
        countError(from: start)
        session.endTransaction()
        endRejection(from: start, session)
    }

    private func endRejection(from start: Int, _ session: Session) {
        session.commandCount &+= 1
        session.beginCommand()
        settleReply(from: start, session)
    }

    /// Replies to a client's mistake and counts it.
    @inline(never)
    func replyError(_ error: CommandError, _ row: Int) {
        let start = context.reply.buffer.count
        context.reply.error(error, command: registry.table.facts[row].name)
        countError(from: start)
    }

    /// Replies with an error message and counts the error.
    func refuse(_ text: String) {
        let start = context.reply.buffer.count
        Array(text.utf8).withBytes { context.reply.error($0) }
        countError(from: start)
        if running.row >= 0 { statistics.noteFailure(running.row) }
    }

    /// Counts the error whose reply starts at `start` by its code.
    private func countError(from start: Int) {
        let reply = context.reply.buffer.bytes.dropFirst(start)
        // In memcached's protocols, errors do not start with a minus sign.
        guard !context.reply.dialect.isMemcached else { return statistics.add(.errorReplies) }
        var end = 1
        while end < min(reply.count, 32), reply[end] > UInt8(ascii: " ") { end += 1 }
        statistics.countError(reply[min(1, reply.count)..<min(end, reply.count)].string)
    }
}
