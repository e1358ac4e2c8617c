internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// Sending: one transfer per client and batch, and the rest when the socket is writable.
extension Worker {
    /// Finishes the replies of the current client, and gathers those of `connection` from now on.
    func switchReplies(to connection: Connection?) {
        if let old = outbox.replying {
            outbox.replying = nil
            finishReplies(old)
        }
        outbox.replying = connection
        guard let connection else { return }
        executor.context.reply.dialect = connection.session.dialect
        executor.context.ignoresUses = connection.session.traits.contains(.noTouch)
    }

    /// Schedules complete replies for the end of the round.
    private func finishReplies(_ connection: Connection) {
        var range = outbox.start..<executor.context.reply.buffer.count
        if connection.state.contains(.closed) {
            executor.context.reply.truncate(to: outbox.start)
        } else if !range.isEmpty {
            let canWait =
                executor.context.reply.references.isEmpty && connection.outputBytes == 0
                && outbox.canFinish(connection, range)
            if let stream = connection.stream, canWait { range = seal(stream, range) }
            if !canWait || !outbox.finish(connection, range) { sendAtOnce(connection, range) }
        }
        outbox.start = executor.context.reply.buffer.count
        if outbox.start > Worker.replyBytesHeld { flushReplies() }
        guard connection.state.contains(.closesAfterReply) else { return }
        flushReplies()
        if connection.outputBytes == 0 { close(connection) }
    }

    /// Sends finished replies and empties the reply buffer.
    func flushReplies() {
        sendFinished()
        clearReplies()
    }

    /// Empties the reply buffer, which is no longer needed.
    func clearReplies() {
        assert(outbox.isEmpty, "replies would be lost")
        executor.context.reply.removeAll(keep: 1 << 20)
        outbox.start = 0
    }

    /// Sends finished replies without changing the reply buffer.
    func sendFinished() {
        guard !outbox.finished.isEmpty else { return }
        postBroadcast()
        server.appendOnly.commit()
        driver.send(&outbox.finished, executor.context.reply.buffer.bytes)
        settleFinished()
    }

    /// Queues what could not be sent, and closes clients whose connections failed.
    func settleFinished() {
        for index in 0..<outbox.finished.count {
            let reply = outbox.finished[index]
            guard let connection = connections[reply.descriptor] else { continue }
            connection.state.remove(.replied)
            settle(connection, reply.range, [], reply.outcome, isSealed: connection.stream != nil)
        }
        outbox.finished.removeAll(keepingCapacity: true)
    }

    /// Sends replies that cannot wait, as they contain large values or follow others.
    private func sendAtOnce(_ connection: Connection, _ range: Range<Int>) {
        postBroadcast()
        server.appendOnly.commit()
        // Replies sent with one call may be sent in any order.
        if connection.state.contains(.replied) { sendFinished() }
        if connection.stream != nil, !connection.state.contains(.closed) {
            let references = executor.context.reply.takeReferences()
            let queue = connection.openOutput()
            append(range, references, 0, to: queue)
            sendQueue(connection, queue)
        } else if !connection.state.contains(.closed) {
            var outcome = Transfer.wouldBlock
            let references = executor.context.reply.takeReferences()
            if connection.outputBytes == 0 {
                outcome =
                    references.isEmpty
                    ? Transport.send(
                        connection.descriptor,
                        executor.context.reply.buffer.bytes[range]
                    )
                    : Transport.send(connection.descriptor, parts: parts(of: range, references))
            }
            settle(connection, range, references, outcome, isSealed: false)
        }
        executor.context.reply.truncate(to: range.lowerBound)
    }

    private func parts(of range: Range<Int>, _ references: [ReplyWriter.Reference]) -> [Bytes] {
        var parts: [Bytes] = []
        var position = range.lowerBound
        let bytes = executor.context.reply.buffer.bytes
        for reference in references {
            parts.append(bytes[position..<reference.position])
            parts.append(reference.block.bytes)
            position = reference.position
        }
        parts.append(bytes[position..<range.upperBound])
        return parts
    }

    /// Queues the unsent rest of a reply, or closes the client; releases the references.
    private func settle(
        _ connection: Connection,
        _ range: Range<Int>,
        _ references: [ReplyWriter.Reference],
        _ outcome: Transfer,
        isSealed: Bool
    ) {
        var sent = 0
        switch outcome {
        case .bytes(let count):
            sent = count
            note(connection, sent: count)
        case .wouldBlock: break
        case .closed: close(connection)
        }
        let total = references.reduce(range.count) { $0 + $1.block.count }
        guard sent < total, !connection.state.contains(.closed) else {
            for reference in references { reference.block.release() }
            return
        }
        let queue = connection.openOutput()
        if isSealed {
            queue.append(sealed: executor.context.reply.buffer.bytes[range].dropFirst(sent))
        } else {
            append(range, references, sent, to: queue)
        }
        watchForRoom(connection)
        enforceOutputLimit(connection)
    }

    /// Queues replies, except for the first `sent` bytes.
    private func append(
        _ range: Range<Int>,
        _ references: [ReplyWriter.Reference],
        _ sent: Int,
        to queue: OutputQueue
    ) {
        var skipped = sent
        var position = range.lowerBound
        let bytes = executor.context.reply.buffer.bytes
        for reference in references {
            queue.append(bytes[position..<reference.position], skipping: &skipped)
            queue.append(reference.block, skipping: &skipped)
            position = reference.position
        }
        queue.append(bytes[position..<range.upperBound], skipping: &skipped)
    }

    /// Sends the queue of a client once its socket is writable.
    func watchForRoom(_ connection: Connection) {
        guard !connection.state.contains(.sending) else { return }
        connection.state.insert(.sending)
        driver.watchForRoom(connection)
    }

    /// Sends more of the queue to a socket that is writable again.
    func sendMore(_ connection: Connection) {
        guard let queue = connection.output, !connection.state.contains(.closed) else { return }
        guard let sent = queue.send(connection.descriptor) else { return close(connection) }
        note(connection, sent: sent)
        server.reaper.note(released: sent)
        if queue.byteCount == 0 {
            connection.output = nil
            connection.traffic.softLimitSince = 0
            connection.state.remove(.sending)
            if connection.state.contains(.closesAfterReply) { return close(connection) }
        }
        driver.hadRoom(connection)
    }

    /// Counts bytes sent to a client.
    func note(_ connection: Connection, sent count: Int) {
        connection.traffic.bytesSent &+= UInt64(count)
        connection.traffic.lastAt = executor.clock.seconds
        executor.statistics.add(.bytesSent, UInt64(count))
        executor.statistics.add(.sends)
    }

    // MARK: Limits

    /// The maximum queue of a client that has yet to authenticate, in bytes.
    private static let unauthenticatedOutputMax = 1024

    /// Closes a client whose queue exceeds client-output-buffer-limit.
    func enforceOutputLimit(_ connection: Connection) {
        let waiting = connection.outputBytes
        if connection.session.traits.contains(.unauthenticated),
            waiting > Worker.unauthenticatedOutputMax
        {
            return closeTooSlow(connection)
        }
        // If memory is limited, queued replies must not take the last of it.
        if server.keyspace.isLimited, !SharedBlock.isAvailable(Executor.headroomBytes) {
            return closeTooSlow(connection)
        }
        evictIfTooLarge(connection)
        guard !connection.state.contains(.closed) else { return }
        let limit = outputLimit(connection)
        if limit.hardBytes > 0, UInt64(waiting) > limit.hardBytes {
            return closeTooSlow(connection)
        }
        guard limit.softBytes > 0, UInt64(waiting) > limit.softBytes else {
            connection.traffic.softLimitSince = 0
            return
        }
        let now = executor.clock.seconds
        if connection.traffic.softLimitSince == 0 { connection.traffic.softLimitSince = now }
        if now - connection.traffic.softLimitSince > limit.softSeconds {
            closeTooSlow(connection)
        }
    }

    /// The limit of a client's class.
    private func outputLimit(_ connection: Connection) -> BufferLimit {
        let limits = server.options.outputBufferLimits
        return connection.session.traits.contains(.subscribed) ? limits.pubsub : limits.normal
    }

    private func closeTooSlow(_ connection: Connection) {
        executor.statistics.add(.outputLimitCloses)
        server.log(
            .warning,
            "Client \(ClientLine.text(connection, on: self)) scheduled to be closed ASAP for "
                + "overcoming of output buffer limits."
        )
        close(connection)
    }
}
