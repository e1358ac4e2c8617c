internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Receives large last words directly into the blocks that will be the values.
extension Worker {
    /// From this size on, a last word is received into its own block.
    private static let blockBytesMin = 32 * 1024

    /// If the last word of a request is large, receives the rest directly into its own block.
    func expectBlock(_ connection: Connection) {
        if let stream = connection.memcached { return expectValue(connection, stream) }
        guard let length = connection.parser.wordAhead, connection.parser.isLastWord else {
            return
        }
        expectBlock(connection, length)
    }

    /// Receives the rest of a word of `length` bytes, if it is large, directly into a block.
    ///
    /// `tailBytes` is the length of the line end after it.
    func expectBlock(_ connection: Connection, _ length: Int, tailBytes: Int = 2) {
        // No memory is reserved for words longer than allowed, or for which there is too little.
        guard length >= Worker.blockBytesMin,
            length <= server.options.queryBufferBytesMax
        else { return }
        let have = connection.query.bytes.dropFirst(connection.parsed)
        let part = have[0..<min(have.count, length)]
        guard
            let incoming = IncomingBlock(length: length, have: part.count, tailBytes: tailBytes),
            incoming.append(part)
        else { return closeWithoutMemory(connection) }
        incoming.note(lineEnd: have.dropFirst(part.count))
        connection.query.truncate(to: connection.parsed)
        connection.incoming = incoming
        if incoming.isComplete { finishBlock(connection, incoming) }
    }

    func receiveBlock(_ connection: Connection) {
        guard let incoming = connection.incoming else { return }
        if incoming.left > 0 {
            guard incoming.makeRoom() else { return closeWithoutMemory(connection) }
            let block = incoming.block
            let target = block.storage.advanced(by: block.count)
            let room = block.capacity - block.count
            guard let count = receive(connection, target, room) else { return }
            block.count += count
            guard block.count <= server.options.queryBufferBytesMax else {
                return closeTooLong(connection)
            }
            if incoming.left > 0 { return }
            if incoming.isComplete { return finishBlock(connection, incoming) }
        }
        var lineEnd: UInt16 = 0
        // SAFETY: at most two bytes, for which there is room.
        let received = unsafe withUnsafeMutableBytes(of: &lineEnd) { buffer -> Int? in
            guard let base = buffer.baseAddress else { return nil }
            return receive(connection, unsafe Cell(base), incoming.lineEndLeft)
        }
        guard let received else { return }
        // SAFETY: as many bytes as were received.
        unsafe withUnsafeBytes(of: &lineEnd) { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe incoming.note(lineEnd: Bytes(raw: base, count: received))
        }
        if incoming.isComplete { finishBlock(connection, incoming) }
    }

    private func receive(_ connection: Connection, _ target: Cell, _ capacity: Int) -> Int? {
        switch Transport.receive(connection, target, capacity) {
        case .wouldBlock: return nil
        case .closed:
            round.hangUps.append(connection)
            return nil
        case .bytes(let count):
            note(connection, received: count)
            return count
        }
    }

    /// Moves bytes already received elsewhere into the block; what follows is parsed as requests.
    func takeBlock(_ connection: Connection, _ memory: Cell, _ count: Int) {
        guard let incoming = connection.incoming else { return }
        let part = min(incoming.left, count)
        guard incoming.append(memory.bytes(0, part)) else { return closeWithoutMemory(connection) }
        guard incoming.block.count <= server.options.queryBufferBytesMax else {
            return closeTooLong(connection)
        }
        let lineEnd = min(incoming.lineEndLeft, count - part)
        incoming.note(lineEnd: memory.bytes(part, lineEnd))
        guard incoming.isComplete else { return }
        finishBlock(connection, incoming)
        let rest = count - part - lineEnd
        guard rest > 0, !connection.state.contains(.closed) else { return }
        connection.traffic.bytesReceived &-= UInt64(rest)
        executor.statistics.subtract(.bytesReceived, UInt64(rest))
        executor.statistics.subtract(.receives)
        takePlain(connection, memory.advanced(by: part + lineEnd), rest)
    }

    /// Closes a client whose request exceeds client-query-buffer-limit.
    func closeTooLong(_ connection: Connection) {
        executor.statistics.add(.queryLimitCloses)
        server.log(
            .warning,
            "Closing client that reached max query buffer length: "
                + ClientLine.text(connection, on: self)
        )
        close(connection)
    }

    /// Closes a client that sends more than there is memory for.
    func closeWithoutMemory(_ connection: Connection) {
        server.log(
            .warning,
            "Closing client, as there is no memory for its request: "
                + ClientLine.text(connection, on: self)
        )
        close(connection)
    }

    /// Runs the request whose last word is complete.
    private func finishBlock(_ connection: Connection, _ incoming: IncomingBlock) {
        finishBatch()
        connection.incoming = nil
        executor.context.received = incoming.block
        incoming.block.retain()
        if let stream = connection.memcached {
            finishValue(connection, stream, incoming)
        } else {
            connection.parser.completeWord(
                incoming.block.bytes,
                connection.query.cell,
                into: &round.words
            )
            enqueue(connection, 0, round.words.count)
        }
        connection.query.truncate(to: 0)
        connection.parsed = 0
        finishBatch()
        executor.context.received?.release()
        executor.context.received = nil
        connection.query.removeAll(keep: 0)
    }
}
