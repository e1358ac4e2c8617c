internal import Commands
internal import Primitives
internal import Wire

/// Serves a worker's clients while one of its scripts is busy.
///
/// ```text
/// bytes ─▶ requests ─┬─ SCRIPT KILL, FUNCTION KILL, SHUTDOWN NOSAVE, MULTI, AUTH, …: run
///                    └─ any other: BUSY
/// ```
/// It runs on the script's own thread, whenever the script is interrupted. The few requests that
/// cannot run then wait until the script has ended, and so does everything that their clients send
/// after them. New clients go to other workers, if one has no busy script.
final class BusyDesk {
    /// A client that has to wait.
    private struct Visitor {
        let connection: Connection
        /// What it has sent, from the request that has to wait on.
        var received: [UInt8]
    }

    private var visitors: [Visitor] = []
    /// Clients to be disconnected.
    private var leaving: [Connection] = []

    /// Serves the requests that had been received before the script became busy.
    func open(on worker: Worker) {
        worker.keepReceivedBuffers()
        worker.serveBatchWhileBusy { connection, arguments in
            reply(to: arguments, from: connection, on: worker)
        }
        dismiss(on: worker)
    }

    /// Serves what has arrived.
    func serve(on worker: Worker) {
        worker.server.acceptWhileBusy(worker)
        for newcomer in worker.mailbox.takeNewcomers() {
            let connection = worker.enroll(newcomer)
            // Requests may have arrived together with the end of a handshake.
            worker.open(Bytes(), of: connection) { take($1, from: $0, on: worker) }
        }
        worker.receiveWhileBusy { take($1, from: $0, on: worker) }
        dismiss(on: worker)
    }

    /// Hands what clients that wait have sent over to the worker.
    func close(on worker: Worker) {
        for visitor in visitors { worker.setAside(visitor.received, from: visitor.connection) }
        visitors.removeAll()
    }

    /// Whether a client has to wait for the end of the script.
    func keepsWaiting(_ connection: Connection) -> Bool {
        visitors.contains { $0.connection === connection }
    }

    private func dismiss(on worker: Worker) {
        for connection in leaving where connection.outputBytes == 0 { worker.close(connection) }
        leaving.removeAll()
        visitors.removeAll { $0.connection.state.contains(.closed) }
    }

    // MARK: Receiving

    private func take(_ bytes: Bytes, from connection: Connection, on worker: Worker) {
        if connection.state.contains(.undetected), connection.query.count == 0,
            ProtocolGuess(bytes) == .resp
        {
            connection.state.remove(.undetected)
        }
        let mayServe =
            worker.mayServeWhileBusy(connection)
            && connection.state.isDisjoint(with: Connection.State.foreign)
        guard mayServe, !keepsWaiting(connection) else {
            return hold(bytes, from: connection, on: worker)
        }
        connection.restoreIncoming()
        guard connection.query.reserve(ifAvailable: bytes.count) else {
            return worker.closeWithoutMemory(connection)
        }
        worker.note(connection, received: bytes.count)
        connection.query.append(bytes)
        serveRequests(of: connection, on: worker)
        guard !connection.state.contains(.closed) else { return }
        if connection.requestBytes > worker.server.options.queryBufferBytesMax {
            worker.closeTooLong(connection)
        }
    }

    /// Replies to the complete requests of a client, and keeps the rest.
    private func serveRequests(of connection: Connection, on worker: Worker) {
        let memory = connection.query.cell
        var words = ArgumentVector(capacity: 16)
        var position = connection.parsed
        while connection.state.isDisjoint(with: [.closed, .closesAfterReply]),
            !keepsWaiting(connection)
        {
            words.truncate(to: 0)
            let limits = RequestLimits(
                wordBytesMax: worker.executor.context.limits.stringBytesMax,
                unauthenticated: connection.session.traits.contains(.unauthenticated)
            )
            let outcome: RESPParser.Outcome
            do throws(ProtocolFailure) {
                outcome = try connection.parser.next(
                    memory,
                    connection.query.count,
                    &position,
                    limits,
                    into: &words
                )
            } catch {
                send(worker.executor.reply(to: error, of: connection), to: connection, on: worker)
                connection.state.insert(.closesAfterReply)
                leaving.append(connection)
                return
            }
            if case .incomplete = outcome { break }
            guard case .request = outcome else { continue }
            let arguments = words.arguments(0, words.count)
            let isDone = reply(to: arguments, from: connection, on: worker)
            if !isDone { hold(arguments, from: connection, on: worker) }
            // More of its requests might be many: its replies have their limit.
            guard isDone, connection.outputBytes == 0 else {
                let rest = connection.query.bytes.dropFirst(position)
                if rest.count > 0 { hold(rest, from: connection, on: worker) }
                position = connection.query.count
                break
            }
        }
        if !connection.state.contains(.closed) { connection.dropParsed(upTo: position) }
    }

    /// Keeps a request that has to wait.
    private func hold(_ request: Arguments, from connection: Connection, on worker: Worker) {
        var text = ByteBuffer()
        text.append("*")
        text.append(decimal: Int64(request.count))
        text.append("\r\n")
        for word in 0..<request.count { text.append(bulk: request[word]) }
        hold(text.bytes, from: connection, on: worker)
    }

    /// Keeps what a client that has to wait has sent; if that is much, receives no more of it.
    private func hold(_ bytes: Bytes, from connection: Connection, on worker: Worker) {
        let known = visitors.firstIndex { $0.connection === connection }
        let index = known ?? visitors.count
        if known == nil { visitors.append(Visitor(connection: connection, received: [])) }
        visitors[index].received.append(bytes)
        guard visitors[index].received.count > Connection.heldBytesMax,
            !connection.state.contains(.full)
        else { return }
        connection.state.insert(.full)
        worker.driver.update(connection)
    }

    // MARK: Replying

    /// Replies to a request; returns false if it has to wait.
    private func reply(
        to arguments: Arguments,
        from connection: Connection,
        on worker: Worker
    ) -> Bool {
        guard let reply = worker.executor.replyWhileBusy(arguments, connection) else {
            return false
        }
        send(reply, to: connection, on: worker)
        if connection.state.contains(.closesAfterReply) { leaving.append(connection) }
        return true
    }

    private func send(_ reply: [UInt8], to connection: Connection, on worker: Worker) {
        guard !reply.isEmpty, !connection.state.contains(.closed) else { return }
        worker.sendWhileBusy(reply, to: connection)
    }
}
