internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Sending: one transfer per client and batch, the rest as the socket has room.
extension Worker {
    /// Sends the replies of the client served so far, and gathers those of `client` from now on.
    func switchReplies(to client: Client?) {
        if let old = replying {
            replying = nil
            sendReplies(old)
        }
        replying = client
        guard let client else { return }
        context.reply.isRESP3 = client.state.contains(.resp3)
        context.ignoresUses = client.state.contains(.noTouch)
    }

    private func sendReplies(_ client: Client) {
        if context.reply.buffer.count > 0, !client.state.contains(.closed) {
            let sent = sendDirectly(client)
            if !client.state.contains(.closed) {
                if sent < context.reply.byteCount { queueRest(client, sent) }
            }
        }
        context.reply.removeAll(keep: 1 << 20)
        if client.state.contains(.closesAfterReply), client.outputBytes == 0 { close(client) }
    }

    /// Sends what goes without queueing; returns the bytes that went.
    private func sendDirectly(_ client: Client) -> Int {
        guard client.outputBytes == 0 else { return 0 }
        let outcome: Transfer
        if context.reply.references.isEmpty {
            outcome = Socket.send(client.descriptor, context.reply.buffer.bytes)
        } else {
            outcome = Socket.send(client.descriptor, parts: replyParts())
        }
        switch outcome {
        case .bytes(let count):
            note(client, sent: count)
            return count
        case .wouldBlock: return 0
        case .closed:
            close(client)
            return 0
        }
    }

    private func replyParts() -> [Bytes] {
        var parts: [Bytes] = []
        var position = 0
        let bytes = context.reply.buffer.bytes
        for reference in context.reply.references {
            parts.append(bytes[position..<reference.position])
            parts.append(reference.block.bytes)
            position = reference.position
        }
        parts.append(bytes.dropFirst(position))
        return parts
    }

    private func queueRest(_ client: Client, _ sent: Int) {
        let queue = client.output ?? OutputQueue()
        client.output = queue
        var skipped = sent
        var position = 0
        let bytes = context.reply.buffer.bytes
        for reference in context.reply.takeReferences() {
            queue.append(bytes[position..<reference.position], skipping: &skipped)
            queue.append(reference.block, skipping: &skipped)
            position = reference.position
        }
        queue.append(bytes.dropFirst(position), skipping: &skipped)
        watchForRoom(client)
        enforceOutputLimit(client)
    }

    private func watchForRoom(_ client: Client) {
        guard !client.state.contains(.sending) else { return }
        client.state.insert(.sending)
        watch(client)
    }

    /// Sends more of what waits to a socket that has room again.
    func sendMore(_ client: Client) {
        guard let queue = client.output, !client.state.contains(.closed) else { return }
        guard let sent = queue.send(client.descriptor) else { return close(client) }
        note(client, sent: sent)
        guard queue.byteCount == 0 else { return }
        client.output = nil
        client.softLimitSince = 0
        client.state.remove(.sending)
        watch(client)
        if client.state.contains(.closesAfterReply) { close(client) }
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
                + "overcoming of output buffer limits.")
        close(client)
    }
}
