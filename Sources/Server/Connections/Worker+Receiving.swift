internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Receiving: into the worker's memory, from there into the batch; an incomplete request stays with
/// its connection.
extension Worker {
    /// Receives once from a socket that is ready.
    func receive(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        if connection.incoming != nil { return receiveBlock(connection) }
        if round.isFull { finishBatch() }
        let memory = round.freeSlot
        switch Transport.receive(connection, memory, Round.receiveBytes) {
        case .wouldBlock: return
        case .closed: round.hangUps.append(connection)
        case .bytes(let count):
            round.useSlot()
            take(connection, memory, count)
        }
    }

    /// Takes bytes that a client sent, which lie in memory that stays until the round is over.
    func take(_ connection: Connection, _ memory: Cell, _ count: Int) {
        note(connection, received: count)
        if connection.incoming != nil { return takeBlock(connection, memory, count) }
        if connection.query.count > 0 || connection.state.contains(.waits) {
            return takeBehindTail(connection, memory.bytes(0, count))
        }
        let used = parse(connection, memory, count)
        // Words of a request that is not whole are kept even where no byte is left over.
        guard connection.parser.firstNeeded(used) < count, !connection.state.contains(.closed)
        else { return }
        keepTail(connection, memory.bytes(used, count - used), dropped: used)
    }

    /// Takes bytes where the beginning of a request waits already; its requests run at once, as the
    /// buffer may move.
    private func takeBehindTail(_ connection: Connection, _ bytes: Bytes) {
        guard connection.query.reserve(ifAvailable: bytes.count) else {
            return closeWithoutMemory(connection)
        }
        connection.query.append(bytes)
        guard connection.requestBytes <= server.options.queryBufferBytesMax else {
            return closeTooLong(connection)
        }
        if _fastPath(!connection.state.contains(.waits)) { return parseKept(connection) }
        // What a client sends while its requests wait is left in the socket when it becomes much.
        if connection.query.count > Connection.heldBytesMax {
            connection.state.insert(.full)
            driver.update(connection)
        }
    }

    /// Receives again from a client whose requests no longer wait, and runs what it has sent.
    func goOnReceiving(_ connection: Connection) {
        connection.state.remove(.full)
        if connection.query.count > connection.parsed { parseKept(connection) }
        guard connection.state.isDisjoint(with: [.closed, .waits]) else { return }
        if connection.state.contains(.inputEnded) {
            endInput(connection)
        } else {
            driver.update(connection)
        }
    }

    /// Parses what is kept of a client's bytes, runs it, and keeps the rest.
    private func parseKept(_ connection: Connection) {
        finishBatch()
        let memory = connection.query.cell
        let start = connection.parsed
        connection.parsed = 0
        let count = connection.query.count - start
        let used =
            start + parse(connection, memory.advanced(by: start), count, base: start)
        finishBatch()
        guard !connection.state.contains(.closed) else { return }
        let needed = connection.parser.firstNeeded(used)
        connection.query.removeFirst(needed)
        connection.parser.rebase(needed)
        connection.parsed = used - needed
        if connection.query.count == 0 {
            connection.query.removeAll(keep: 0)
        } else {
            keepWaiting(connection)
        }
    }

    /// Has little memory wait for the rest of a request.
    private func keepWaiting(_ connection: Connection) {
        connection.query.shrink()
        expectBlock(connection)
    }

    private func keepTail(_ connection: Connection, _ tail: Bytes, dropped: Int) {
        // What the parser holds of the request begins before the tail.
        let needed = connection.parser.firstNeeded(dropped)
        let back = dropped - needed
        connection.query.append(Bytes(tail, extendedBack: back))
        connection.parser.rebase(needed)
        connection.parsed = back
        expectBlock(connection)
    }

    /// Parses requests into the batch, running it whenever it is full; returns the bytes used.
    ///
    /// `base` is where `memory` begins within the bytes that the parser has seen before.
    private func parse(
        _ connection: Connection,
        _ memory: Cell,
        _ count: Int,
        base: Int = 0
    ) -> Int {
        let whole = memory.advanced(by: -base)
        var position = base
        let end = base + count
        let session = connection.session
        do throws(ProtocolFailure) {
            while true {
                var isUnknown = session.traits.contains(.unauthenticated)
                if round.batch.isFull || isUnknown {
                    // What bounds the next request depends on whether the one before was AUTH.
                    runBatch(parsing: connection)
                    isUnknown = session.traits.contains(.unauthenticated)
                }
                let start = round.words.count
                let limits = RequestLimits(
                    wordBytesMax: executor.context.limits.stringBytesMax,
                    unauthenticated: isUnknown
                )
                let outcome = try connection.parser.next(
                    whole,
                    end,
                    &position,
                    limits,
                    into: &round.words
                )
                switch outcome {
                case .request: enqueue(connection, start, round.words.count - start)
                case .nothing: continue
                case .incomplete: return position - base
                }
            }
        } catch {
            runBatch(parsing: connection)
            fail(connection, error)
            return count
        }
    }

    /// Takes note that what a client sent is no request.
    private func fail(_ connection: Connection, _ failure: ProtocolFailure) {
        switchReplies(to: connection)
        guard connection.state.isDisjoint(with: [.closed, .closesAfterReply]) else { return }
        if let requests = connection.waiting {
            requests.failure = failure
        } else {
            replyFailure(failure, connection)
        }
    }

    /// Tells a client that what it sent is no request, and ends it.
    func replyFailure(_ failure: ProtocolFailure, _ connection: Connection) {
        if !connection.session.isSilent { executor.context.reply.error(failure) }
        connection.state.insert(.closesAfterReply)
    }

    /// Counts what a client sent.
    func note(_ connection: Connection, received count: Int) {
        connection.traffic.bytesReceived &+= UInt64(count)
        connection.traffic.lastAt = executor.clock.seconds
        executor.statistics.add(.bytesReceived, UInt64(count))
        executor.statistics.add(.receives)
    }

    /// Runs what the batch holds and frees the receive slots.
    func finishBatch() {
        runBatch(parsing: nil)
        finishRound()
    }

    /// Lets go of what the requests that ran took.
    func finishRound() {
        round.end()
        driver.endRound()
        switchReplies(to: nil)
        connections.forgetEnded()
        if !executor.context.retired.isEmpty {
            server.reaper.take(executor.context.retired)
            executor.context.retired.removeAll()
        }
    }
}
