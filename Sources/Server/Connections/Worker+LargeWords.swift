internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Large last words, received straight into the block that will be the value.
extension Worker {
    /// Where the last word of a request is large, receives the rest of it straight into the block
    /// that will be the value.
    func expectBlock(_ client: Client) {
        // What is longer than a client may send, or than there is memory, takes none in advance.
        guard let length = client.parser.wordAhead, length >= 32 * 1024,
            length <= server.options.queryBufferBytesMax, client.parser.isLastWord,
            let incoming = IncomingBlock(length: length)
        else { return }
        let have = client.query.bytes.dropFirst(client.parsed)
        let part = have[0..<min(have.count, length)]
        incoming.block.storage.put(part, 0)
        incoming.block.count = part.count
        incoming.lineEndLeft = 2 - (have.count - part.count)
        client.query.truncate(to: client.parsed)
        client.incoming = incoming
        if part.count == length, incoming.lineEndLeft == 0 { finishBlock(client, incoming) }
    }

    func receiveBlock(_ client: Client) {
        guard let incoming = client.incoming else { return }
        let block = incoming.block
        let left = incoming.length - block.count
        if left > 0 {
            let target = block.storage.advanced(by: block.count)
            switch Socket.receive(client.descriptor, target, left) {
            case .wouldBlock: return
            case .closed: return close(client)
            case .bytes(let count):
                block.count += count
                note(client, received: count)
            }
            guard block.count <= server.options.queryBufferBytesMax else {
                return closeTooLong(client)
            }
            if block.count < incoming.length { return }
        }
        var lineEnd: UInt16 = 0
        // SAFETY: at most two bytes, for which there is room.
        let outcome = unsafe withUnsafeMutableBytes(of: &lineEnd) { buffer -> Transfer in
            guard let base = buffer.baseAddress else { return .closed(error: 0) }
            return Socket.receive(client.descriptor, unsafe Cell(base), incoming.lineEndLeft)
        }
        switch outcome {
        case .wouldBlock: return
        case .closed: return close(client)
        case .bytes(let count):
            incoming.lineEndLeft -= count
            note(client, received: count)
            if incoming.lineEndLeft == 0 { finishBlock(client, incoming) }
        }
    }

    /// Takes bytes, received elsewhere already, into the block, and what follows it as requests.
    func takeBlock(_ client: Client, _ memory: Cell, _ count: Int) {
        guard let incoming = client.incoming else { return }
        let block = incoming.block
        let part = min(incoming.length - block.count, count)
        block.storage.put(memory.bytes(0, part), block.count)
        block.count += part
        guard block.count <= server.options.queryBufferBytesMax else { return closeTooLong(client) }
        let lineEnd = min(incoming.lineEndLeft, count - part)
        incoming.lineEndLeft -= lineEnd
        guard incoming.lineEndLeft == 0 else { return }
        finishBlock(client, incoming)
        let rest = count - part - lineEnd
        guard rest > 0, !client.state.contains(.closed) else { return }
        client.bytesReceived &-= UInt64(rest)
        take(client, memory.advanced(by: part + lineEnd), rest)
    }

    /// Ends a client that sent more of one request than client-query-buffer-limit allows.
    func closeTooLong(_ client: Client) {
        server.log(
            .warning,
            "Closing client that reached max query buffer length: "
                + ClientLine.text(client, on: self)
        )
        close(client)
    }

    /// Runs the request whose last word has come whole.
    private func finishBlock(_ client: Client, _ incoming: IncomingBlock) {
        finishBatch()
        client.incoming = nil
        client.parser.completeWord(incoming.block.bytes, client.query.cell, into: &words)
        client.query.truncate(to: 0)
        client.parsed = 0
        context.received = incoming.block
        incoming.block.retain()
        enqueue(client, 0, words.count)
        finishBatch()
        context.received?.release()
        context.received = nil
        client.query.removeAll(keep: 0)
    }
}
