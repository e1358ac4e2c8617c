internal import Primitives
internal import System
internal import Wire

/// What arrived while a script was busy, and has to be processed after it.
enum SetAside {
    /// Bytes from a client.
    case bytes(Connection, [UInt8])
    /// The end of a client's input.
    case inputEnd(Connection)
    /// Another event of the ring.
    case completion(CompletionRing.Completion)
}

/// Receiving from clients while a script is busy.
///
/// The worker may be going through the driver's events at the same time, and its memory for
/// receiving holds requests that have not run: neither changes.
extension Worker {
    /// Whether a request of a client may be replied to at once: nothing that it sent before waits,
    /// no reply is on its way, and its state has no influence on the reply.
    func mayServeWhileBusy(_ connection: Connection) -> Bool {
        guard isAtRest(connection) else { return false }
        guard let place = round.batch.lastPlace(of: connection) else { return true }
        // Requests in front of the script's have run.
        let runner = executor.scripts.run?.connection
        return runner.flatMap { round.batch.lastPlace(of: $0) }.map { place < $0 } ?? false
    }

    private func isAtRest(_ connection: Connection) -> Bool {
        let session = connection.session
        let unfit: Connection.State = [
            .closed, .closesAfterReply, .inputEnded, .sending, .waits, .replied, .full, .memcached,
            .undetected,
        ]
        guard connection.state.isDisjoint(with: unfit), connection.outputBytes == 0,
            connection.query.count == 0, connection.incoming == nil, connection.stream == nil,
            session.traits.isDisjoint(with: [
                .queues, .subscribed, .monitor, .repliesOff, .skipsReply, .skipsNextReply,
            ])
        else { return false }
        return connection !== executor.scripts.run?.connection && connection !== parsing
    }

    /// Removes the requests that wait in the batch behind the script's, of clients all of whose
    /// requests are small, and calls `body` with them, as they were received.
    func removeBatchedRequests(_ body: (Connection, Bytes) -> Void) {
        guard let runner = executor.scripts.run?.connection,
            let place = round.batch.lastPlace(of: runner)
        else { return }
        let behind = place + 1..<round.batch.count
        var kept: [Connection] = []
        for index in behind {
            let item = round.batch[index]
            let isSmall = BusyDesk.isSmall(round.words.arguments(item.start, item.count))
            if !isSmall { item.withConnection { kept.append($0) } }
        }
        var removed: [Int] = []
        var text = ByteBuffer()
        for index in behind {
            let item = round.batch[index]
            item.withConnection { connection in
                guard isAtRest(connection), !kept.contains(where: { $0 === connection }) else {
                    return
                }
                let arguments = round.words.arguments(item.start, item.count)
                text.truncate(to: 0)
                text.append("*")
                text.append(decimal: Int64(item.count))
                text.append("\r\n")
                for word in 0..<item.count { text.append(bulk: arguments[word]) }
                removed.append(index)
                body(connection, text.bytes)
            }
        }
        round.batch.remove(at: removed)
    }

    /// Calls `body` with what clients have sent since the last call.
    func receiveWhileBusy(_ body: (Connection, Bytes) -> Void) {
        switch driver {
        case .readiness(let driver): receiveWhileBusy(driver, body)
        case .completions(let driver): receiveWhileBusy(driver, body)
        }
    }

    /// With epoll, what cannot be served stays in the sockets.
    private func receiveWhileBusy(
        _ driver: ReadinessDriver,
        _ body: (Connection, Bytes) -> Void
    ) {
        var block = ByteBuffer(capacity: Round.receiveBytes)
        driver.forEachReady { descriptor, ready in
            guard ready.contains(.read), let connection = connections[descriptor],
                mayServeWhileBusy(connection)
            else { return }
            let outcome = Socket(descriptor).receive(block.cell, Round.receiveBytes)
            guard case .bytes(let count) = outcome else { return }
            block.commit(count)
            body(connection, block.bytes)
            block.truncate(to: 0)
        }
    }

    /// With io_uring, everything has been received already.
    private func receiveWhileBusy(
        _ driver: CompletionDriver,
        _ body: (Connection, Bytes) -> Void
    ) {
        driver.ring.wait(for: 1, patience: 0, milliseconds: 0)
        let end = driver.ring.end
        while let completion = driver.ring.next(before: end) {
            guard completion.kind == .receive else {
                executor.scripts.setAside.append(.completion(completion))
                continue
            }
            let connection = connection(of: completion)
            if completion.hasBytes {
                let memory = driver.ring.bytes(completion)
                let count = Int(completion.result)
                if let connection, count > 0 { body(connection, memory.bytes(0, count)) }
                driver.ring.use(completion)
            }
            guard completion.isLast, let connection, !connection.state.contains(.closed) else {
                continue
            }
            connection.state.remove(.receiving)
            if completion.mayGoOn {
                driver.update(connection)
            } else {
                executor.scripts.setAside.append(.inputEnd(connection))
            }
        }
        driver.ring.releaseBuffers(except: executor.scripts.buffersKept)
    }

    /// Sends a reply at once, or queues what the socket has no room for.
    func sendWhileBusy(_ reply: [UInt8], to connection: Connection) {
        let block = SharedBlock(capacity: reply.count)
        reply.withBytes { block.storage.put($0, 0) }
        block.count = reply.count
        sendBlock(block, false, connection)
        block.release()
    }

    /// Keeps the memory of requests that have been received, the script's among them.
    func keepReceivedBuffers() {
        guard case .completions(let driver) = driver else { return }
        executor.scripts.buffersKept = driver.ring.buffersInUse
    }

    /// Has the next round process bytes of a client, before the end of its input.
    func setAside(_ bytes: [UInt8], from connection: Connection) {
        executor.scripts.setAside.insert(.bytes(connection, bytes), at: 0)
    }

    /// Processes what was set aside while a script was busy.
    @inline(never)
    func takeWhatWasSetAside() {
        let events = executor.scripts.setAside
        executor.scripts.setAside = []
        for event in events {
            switch event {
            case .bytes(let connection, let bytes):
                guard !connection.state.contains(.closed) else { continue }
                var memory = ByteBuffer(capacity: bytes.count)
                bytes.withBytes { memory.append($0) }
                take(connection, memory.cell, bytes.count)
                // The memory is needed until its requests have run.
                finishBatch()
            case .inputEnd(let connection): round.hangUps.append(connection)
            case .completion(let completion):
                if case .completions(let driver) = driver { serve(completion, driver) }
            }
        }
    }
}
