internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Serving the events of the two drivers.
extension Worker {
    /// Sends finished replies, waits up to `timeout` milliseconds, and processes what has arrived.
    func serve(_ timeout: Int32) {
        server.appendOnly.commit()
        if _slowPath(!executor.scripts.setAside.isEmpty) { takeWhatWasSetAside() }
        switch driver {
        case .readiness(let driver): serve(driver, timeout)
        case .completions(let driver): serve(driver, timeout)
        }
    }

    // MARK: epoll

    private func serve(_ driver: ReadinessDriver, _ timeout: Int32) {
        flushReplies()
        let ready = driver.wait(timeout)
        wokeUp()
        for index in 0..<ready {
            let (descriptor, interest) = driver.event(index)
            guard let connection = connections[descriptor] else {
                serveOther(descriptor)
                continue
            }
            if interest.contains(.write) { sendMore(connection) }
            if connection.wantsInput {
                if !interest.isDisjoint(with: [.read, .inputEnd, .failure]) {
                    receive(connection)
                }
            } else if interest.contains(.failure) {
                close(connection)
            } else if interest.contains(.inputEnd) {
                seeEnd(connection)
            }
        }
    }

    // MARK: io_uring

    private func serve(_ driver: CompletionDriver, _ timeout: Int32) {
        driver.sendAndWait(&outbox.finished, executor.context.reply.buffer.bytes, timeout)
        wokeUp()
        settleFinished()
        clearReplies()
        driver.arrivals.look(at: executor.clock.now)
        // Ignore what arrives in the meantime: if buffers run out, restarted receives fail at once,
        // and the used buffers that would help are returned only after the round.
        let end = driver.ring.end
        while let completion = driver.ring.next(before: end) { serve(completion, driver) }
    }

    /// Processes an event that may be any but bytes, if it does not come from the loop above.
    func serve(_ completion: CompletionRing.Completion, _ driver: CompletionDriver) {
        switch completion.kind {
        case .receive: take(completion, driver)
        case .room:
            guard let connection = connection(of: completion) else { return }
            sendMore(connection)
        case .end:
            guard let connection = connection(of: completion) else { return }
            connection.state.remove(.watchesEnd)
            if connection.state.contains(.full) { seeEnd(connection) }
        case .ready: driver.takeReady { serveOther($0) }
        case .send, .stop: break
        }
    }

    private func take(_ completion: CompletionRing.Completion, _ driver: CompletionDriver) {
        let connection = connection(of: completion)
        if completion.hasBytes {
            let memory = driver.ring.bytes(completion)
            let count = Int(completion.result)
            if let connection, count > 0 {
                let window = driver.arrivals.window
                driver.arrivals.note(isFirst: connection.arrivedIn != window)
                connection.arrivedIn = window
                take(connection, memory, count)
            }
            driver.ring.use(completion)
        }
        if let connection, endReceive(completion, connection, driver) {
            round.hangUps.append(connection)
        }
    }

    /// Receives again if a completion is the last of its request; returns whether that is no longer
    /// possible, as the input has ended.
    func endReceive(
        _ completion: CompletionRing.Completion,
        _ connection: Connection,
        _ driver: CompletionDriver
    ) -> Bool {
        guard completion.isLast, !connection.state.contains(.closed) else { return false }
        connection.state.remove(.receiving)
        guard completion.mayGoOn else { return true }
        driver.update(connection)
        return false
    }

    /// The connection of a completion, unless it has been closed.
    func connection(of completion: CompletionRing.Completion) -> Connection? {
        guard let connection = connections[completion.target],
            connection.mark == completion.mark
        else { return nil }
        return connection
    }
}
