internal import Primitives
internal import System
internal import TLS
internal import Wire

/// What arrived while a script was busy, and has to be processed after it.
enum SetAside {
    /// Bytes from a client, decrypted.
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
    /// Whether the next request of a client may be replied to at once: nothing that it sent before
    /// waits, and no reply is on its way.
    func mayServeWhileBusy(_ connection: Connection) -> Bool {
        guard isAtRest(connection) else { return false }
        guard let place = round.batch.lastPlace(of: connection) else { return true }
        // Requests in front of the script's have run.
        let runner = executor.scripts.run?.connection
        return runner.flatMap { round.batch.lastPlace(of: $0) }.map { place < $0 } ?? false
    }

    private func isAtRest(_ connection: Connection) -> Bool {
        let unfit: Connection.State = [
            .closed, .closesAfterReply, .inputEnded, .sending, .waits, .replied, .full, .memcached,
        ]
        return connection.state.isDisjoint(with: unfit) && connection.outputBytes == 0
            && connection !== executor.scripts.run?.connection && connection !== parsing
    }

    /// Calls `body` with the requests that wait in the batch behind the script's, and removes those
    /// for which it returns true; the other requests of their clients stay as well.
    func serveBatchWhileBusy(_ body: (Connection, Arguments) -> Bool) {
        guard let runner = executor.scripts.run?.connection,
            let place = round.batch.lastPlace(of: runner)
        else { return }
        var kept: [Connection] = []
        var served: [Int] = []
        for index in place + 1..<round.batch.count {
            let item = round.batch[index]
            item.withConnection { connection in
                guard !kept.contains(where: { $0 === connection }) else { return }
                let arguments = round.words.arguments(item.start, item.count)
                if isAtRest(connection), body(connection, arguments) {
                    served.append(index)
                } else {
                    kept.append(connection)
                }
            }
        }
        round.batch.remove(at: served)
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
                mayServeWhileBusy(connection), !executor.scripts.desk.keepsWaiting(connection)
            else { return }
            let outcome = Socket(descriptor).receive(block.cell, Round.receiveBytes)
            guard case .bytes(let count) = outcome else { return }
            block.commit(count)
            open(block.bytes, of: connection, body)
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
                if let connection, count > 0 {
                    open(memory.bytes(0, count), of: connection, body)
                }
                driver.ring.use(completion)
            }
            if let connection, endReceive(completion, connection, driver) {
                executor.scripts.setAside.append(.inputEnd(connection))
            }
        }
        driver.ring.releaseBuffers(except: executor.scripts.buffersKept)
    }

    /// Calls `body` with bytes from a client, decrypted if necessary.
    func open(_ bytes: Bytes, of connection: Connection, _ body: (Connection, Bytes) -> Void) {
        guard let stream = connection.stream else {
            if bytes.count > 0 { body(connection, bytes) }
            return
        }
        guard stream.feed(bytes) else { return closeWithoutMemory(connection) }
        var plain = ByteBuffer(capacity: Round.receiveBytes)
        while !connection.state.contains(.closed) {
            switch stream.read(into: plain.cell, Round.receiveBytes) {
            case .bytes(let count):
                plain.commit(count)
                body(connection, plain.bytes)
                plain.truncate(to: 0)
            case .needsInput: return sendNotes(connection, stream)
            case .ended, .failed:
                sendNotes(connection, stream)
                return executor.scripts.setAside.append(.inputEnd(connection))
            }
        }
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

    /// Has the next round process what a client has sent, decrypted, before the end of its input.
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
                takePlain(connection, memory.cell, bytes.count)
                // The memory is needed until its requests have run.
                finishBatch()
                // Those whose requests wait again stay full until these have run.
                guard connection.state.isDisjoint(with: [.closed, .waits]),
                    connection.state.remove(.full) != nil
                else { continue }
                driver.update(connection)
            case .inputEnd(let connection): round.hangUps.append(connection)
            case .completion(let completion):
                if case .completions(let driver) = driver { serve(completion, driver) }
            }
        }
    }
}
