internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Receiving: into the worker's memory, and from there into the batch.
///
/// An incomplete request stays with its connection.
extension Worker {
    /// Receives once from a ready socket.
    func receive(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        if connection.incoming != nil, connection.stream == nil { return receiveBlock(connection) }
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

    /// Processes received bytes, in memory that stays valid until the round ends.
    func take(_ connection: Connection, _ memory: Cell, _ count: Int) {
        if let stream = connection.stream {
            return takeSealed(connection, stream, memory.bytes(0, count))
        }
        takePlain(connection, memory, count)
    }

    /// As above, after the bytes were decrypted.
    func takePlain(_ connection: Connection, _ memory: Cell, _ count: Int) {
        note(connection, received: count)
        if connection.incoming != nil { return takeBlock(connection, memory, count) }
        if connection.query.count > 0 || connection.state.contains(.waits) {
            return takeBehindTail(connection, memory.bytes(0, count))
        }
        let used = parse(connection, memory, count)
        // The words of an incomplete request must be kept even if no bytes are left over.
        guard connection.parser.firstNeeded(used) < count, !connection.state.contains(.closed)
        else { return }
        keepTail(connection, memory.bytes(used, count - used), dropped: used)
    }

    /// Processes received bytes if earlier ones are still buffered.
    ///
    /// Its requests run at once, since the buffer may move.
    private func takeBehindTail(_ connection: Connection, _ bytes: Bytes) {
        guard connection.query.reserve(ifAvailable: bytes.count) else {
            return closeWithoutMemory(connection)
        }
        connection.query.append(bytes)
        guard connection.requestBytes <= server.options.queryBufferBytesMax else {
            return closeTooLong(connection)
        }
        if _fastPath(!connection.state.contains(.waits)) { return parseKept(connection) }
        // While the client's requests wait, the rest of a large input stays in the socket.
        if connection.query.count > Connection.heldBytesMax {
            connection.state.insert(.full)
            driver.update(connection)
        }
    }

    /// Resumes receiving once the client's requests no longer wait; runs what is buffered.
    func goOnReceiving(_ connection: Connection) {
        if connection.query.count > connection.parsed { parseKept(connection) }
        // A client that has to wait again stays full: nothing is read from it until it has run.
        guard connection.state.isDisjoint(with: [.closed, .waits]) else { return }
        let wasFull = connection.state.remove(.full) != nil
        if connection.state.contains(.inputEnded) {
            endInput(connection)
        } else if wasFull || connection.state.contains(.endSeen) {
            driver.update(connection)
        }
    }

    /// Parses and runs buffered bytes, and keeps the rest.
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
        connection.dropParsed(upTo: used)
        if connection.query.count > 0 { keepWaiting(connection) }
    }

    /// Shrinks the buffer while the rest of a request is missing.
    private func keepWaiting(_ connection: Connection) {
        connection.query.shrink()
        expectBlock(connection)
    }

    private func keepTail(_ connection: Connection, _ tail: Bytes, dropped: Int) {
        // The parser may still refer to bytes before the tail.
        let needed = connection.parser.firstNeeded(dropped)
        let back = dropped - needed
        connection.query.append(Bytes(tail, extendedBack: back))
        connection.parser.rebase(needed)
        connection.parsed = back
        expectBlock(connection)
    }

    /// Parses requests into the batch, running it whenever it is full; returns the bytes used.
    ///
    /// `base` is the offset of `memory` within the bytes that the parser has seen before.
    private func parse(
        _ connection: Connection,
        _ memory: Cell,
        _ count: Int,
        base: Int = 0
    ) -> Int {
        if _slowPath(!connection.state.isDisjoint(with: .foreign)),
            let used = parseForeign(connection, memory, count, base)
        {
            return used
        }
        let whole = memory.advanced(by: -base)
        var position = base
        let end = base + count
        let session = connection.session
        do throws(ProtocolFailure) {
            while true {
                var isUnknown = session.traits.contains(.unauthenticated)
                if round.batch.isFull || isUnknown {
                    // The previous request may authenticate the client, which changes the limits
                    // for the next one.
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

    /// Handles input that is not a valid request.
    private func fail(_ connection: Connection, _ failure: ProtocolFailure) {
        switchReplies(to: connection)
        guard connection.state.isDisjoint(with: [.closed, .closesAfterReply]) else { return }
        if let requests = connection.waiting {
            requests.failure = failure
        } else {
            replyFailure(failure, connection)
        }
    }

    /// Sends a client an error about its invalid request, and closes the connection.
    func replyFailure(_ failure: ProtocolFailure, _ connection: Connection) {
        if !connection.session.isSilent { executor.context.reply.error(failure) }
        connection.state.insert(.closesAfterReply)
    }

    /// Counts received bytes.
    func note(_ connection: Connection, received count: Int) {
        connection.traffic.bytesReceived &+= UInt64(count)
        connection.traffic.lastAt = executor.clock.seconds
        executor.statistics.add(.bytesReceived, UInt64(count))
        executor.statistics.add(.receives)
    }

    /// Runs the batch and frees the receive slots.
    func finishBatch() {
        runBatch(parsing: nil)
        finishRound()
    }

    /// Releases the memory used by the round's requests.
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
