internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Sending: one transfer per client and batch, the rest as the socket has room.
extension Worker {
    /// Closes the replies of the client served so far, and gathers those of `client` from now on.
    func switchReplies(to client: Client?) {
        if let old = replying {
            replying = nil
            finishReplies(old)
        }
        replying = client
        guard let client else { return }
        context.reply.isRESP3 = client.state.contains(.resp3)
        context.ignoresUses = client.state.contains(.noTouch)
    }

    /// Lets replies that are whole wait for the end of the round.
    private func finishReplies(_ client: Client) {
        let range = repliesFrom..<context.reply.buffer.count
        if client.state.contains(.closed) {
            context.reply.truncate(to: repliesFrom)
        } else if !range.isEmpty {
            if context.reply.references.isEmpty, client.outputBytes == 0 {
                finish(client, range)
            } else {
                sendAtOnce(client, range)
            }
        }
        repliesFrom = context.reply.buffer.count
        if repliesFrom > Worker.replyBytesHeld { flushReplies() }
        guard client.state.contains(.closesAfterReply) else { return }
        flushReplies()
        if client.outputBytes == 0 { close(client) }
    }

    private func finish(_ client: Client, _ range: Range<Int>) {
        guard client.state.contains(.replied) else {
            client.state.insert(.replied)
            finished.append(FinishedReply(client, range))
            return
        }
        let last = finished.count - 1
        guard finished[last].descriptor == client.descriptor,
            finished[last].range.upperBound == range.lowerBound
        else { return sendAtOnce(client, range) }
        finished[last] = FinishedReply(client, finished[last].range.lowerBound..<range.upperBound)
    }

    /// Sends what is finished and empties the reply buffer.
    func flushReplies() {
        sendFinished()
        clearReplies()
    }

    /// Empties the reply buffer, of which nothing is needed any more.
    func clearReplies() {
        assert(replying == nil && finished.isEmpty, "replies are lost")
        context.reply.removeAll(keep: 1 << 20)
        repliesFrom = 0
    }

    /// Sends what is finished, without a change to the reply buffer.
    func sendFinished() {
        guard !finished.isEmpty else { return }
        if let ring {
            ask(ring)
            ring.submit()
            settle(ring)
        } else {
            for index in 0..<finished.count {
                let reply = finished[index]
                finished[index].outcome = Socket.send(
                    reply.descriptor,
                    context.reply.buffer.bytes[reply.range]
                )
            }
            settleFinished()
        }
    }

    /// Keeps what did not go for later, and ends the clients that could not be sent to.
    func settleFinished() {
        for index in 0..<finished.count {
            let reply = finished[index]
            guard let client = client(of: reply.descriptor) else { continue }
            client.state.remove(.replied)
            settle(client, reply.range, [], reply.outcome)
        }
        finished.removeAll(keepingCapacity: true)
    }

    /// Sends replies that cannot wait: there are large values in them, or others before them.
    private func sendAtOnce(_ client: Client, _ range: Range<Int>) {
        // What is sent with one call may go in any order.
        if client.state.contains(.replied) { sendFinished() }
        if !client.state.contains(.closed) {
            var outcome = Transfer.wouldBlock
            let references = context.reply.takeReferences()
            if client.outputBytes == 0 {
                outcome =
                    references.isEmpty
                    ? Socket.send(client.descriptor, context.reply.buffer.bytes[range])
                    : Socket.send(client.descriptor, parts: parts(of: range, references))
            }
            settle(client, range, references, outcome)
        }
        context.reply.truncate(to: range.lowerBound)
    }

    private func parts(of range: Range<Int>, _ references: [ReplyWriter.Reference]) -> [Bytes] {
        var parts: [Bytes] = []
        var position = range.lowerBound
        let bytes = context.reply.buffer.bytes
        for reference in references {
            parts.append(bytes[position..<reference.position])
            parts.append(reference.block.bytes)
            position = reference.position
        }
        parts.append(bytes[position..<range.upperBound])
        return parts
    }

    /// Keeps what of a reply did not go for later, or ends the client; releases the references.
    private func settle(
        _ client: Client,
        _ range: Range<Int>,
        _ references: [ReplyWriter.Reference],
        _ outcome: Transfer
    ) {
        var sent = 0
        switch outcome {
        case .bytes(let count):
            sent = count
            note(client, sent: count)
        case .wouldBlock: break
        case .closed: close(client)
        }
        let total = references.reduce(range.count) { $0 + $1.block.count }
        guard sent < total, !client.state.contains(.closed) else {
            for reference in references { reference.block.release() }
            return
        }
        queueRest(client, range, references, sent)
    }

    private func queueRest(
        _ client: Client,
        _ range: Range<Int>,
        _ references: [ReplyWriter.Reference],
        _ sent: Int
    ) {
        let queue = client.output ?? OutputQueue()
        client.output = queue
        var skipped = sent
        var position = range.lowerBound
        let bytes = context.reply.buffer.bytes
        for reference in references {
            queue.append(bytes[position..<reference.position], skipping: &skipped)
            queue.append(reference.block, skipping: &skipped)
            position = reference.position
        }
        queue.append(bytes[position..<range.upperBound], skipping: &skipped)
        watchForRoom(client)
        enforceOutputLimit(client)
    }

    private func watchForRoom(_ client: Client) {
        guard !client.state.contains(.sending) else { return }
        client.state.insert(.sending)
        if let ring { askForRoom(client, ring) } else { watch(client) }
    }

    /// Sends more of what waits to a socket that has room again.
    func sendMore(_ client: Client) {
        guard let queue = client.output, !client.state.contains(.closed) else { return }
        guard let sent = queue.send(client.descriptor) else { return close(client) }
        note(client, sent: sent)
        if queue.byteCount == 0 {
            client.output = nil
            client.softLimitSince = 0
            client.state.remove(.sending)
            if ring == nil { watch(client) }
            if client.state.contains(.closesAfterReply) { close(client) }
        } else if let ring {
            askForRoom(client, ring)
        }
    }

    private func note(_ client: Client, sent count: Int) {
        client.bytesSent &+= UInt64(count)
        statistics.bytesSent &+= UInt64(count)
        statistics.sends &+= 1
        client.lastActiveAt = nowSeconds
    }

    /// Ends a client that lets more wait than client-output-buffer-limit allows.
    func enforceOutputLimit(_ client: Client) {
        let limit = server.options.outputBufferLimits.normal
        let waiting = UInt64(client.outputBytes)
        if limit.hardBytes > 0, waiting > limit.hardBytes { return closeTooSlow(client) }
        guard limit.softBytes > 0, waiting > limit.softBytes else {
            client.softLimitSince = 0
            return
        }
        if client.softLimitSince == 0 { client.softLimitSince = nowSeconds }
        if nowSeconds - client.softLimitSince > limit.softSeconds { closeTooSlow(client) }
    }

    private func closeTooSlow(_ client: Client) {
        server.log(
            .warning,
            "Client \(ClientLine.text(client, on: self)) scheduled to be closed ASAP for "
                + "overcoming of output buffer limits."
        )
        close(client)
    }
}
