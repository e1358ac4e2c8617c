internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Blocked clients, on the side of their own worker: replies, timeouts and disconnects.
extension Worker {
    /// How many timeouts are handled in one round.
    private static let endedAtOnce = 256
    /// How many requests are finished in one round.
    private static let finishedAtOnce = 128

    /// Blocks a client whose request the executor has just added to queues.
    func beginBlocking(_ requests: WaitingRequests) {
        guard let waiter = executor.takeNewWaiter() else {
            preconditionFailure("the executor has blocked the request")
        }
        requests.waiter = waiter
        clientFigures.blocked.add()
        if waiter.deadline < .max { clientFigures.blockedForTime.add() }
        watchTime(waiter)
    }

    private func watchTime(_ waiter: Waiter) {
        guard let moment = waiter.nextMoment(after: executor.context.now) else { return }
        deadlines.insert(waiter, at: moment)
    }

    /// Finishes requests that were served or cancelled, but only some of them if there are many.
    func finishUnblocked() {
        for waiter in unblocked.removeFirst(atMost: Worker.finishedAtOnce) { finish(waiter) }
    }

    /// Sends the reply to a request that was served or cancelled, and resumes its client.
    private func finish(_ waiter: Waiter) {
        guard let connection = connection(at: waiter.client),
            let requests = connection.waiting, requests.waiter === waiter
        else { return }
        if waiter.state == .hungUp { return close(connection) }
        end(requests, waiter)
        switchReplies(to: connection)
        if !connection.session.isSilent { reply(to: waiter) }
        waiter.reply = []
        connection.session.endCommand()
        goOn(connection)
    }

    private func reply(to waiter: Waiter) {
        switch waiter.state {
        case .served: waiter.reply.withBytes { executor.context.reply.raw($0) }
        case .ended, .unblockedInVain: executor.context.reply.nullArray()
        case .unblockedWithError: executor.replyError(.client(.unblocked), waiter.row)
        case .waiting, .claimed, .hungUp: preconditionFailure("it was served or cancelled")
        }
        if waiter.state == .unblockedWithError { executor.statistics.noteFailure(waiter.row) }
    }

    /// Times out requests, and retries those that ask for it.
    func endDueWaits(_ now: Int64) {
        for _ in 0..<Worker.endedAtOnce {
            guard let waiter = deadlines.takeDue(now) else { return }
            guard waiter.deadline <= now else {
                lookAgain(waiter)
                continue
            }
            // If it has just been served, its reply is in the mail.
            if waiter.cancel() { finish(waiter) }
        }
    }

    /// Tries a request as if its keys had changed.
    private func lookAgain(_ waiter: Waiter) {
        guard !waiter.isOver else { return }
        for queue in waiter.queues {
            server.keyspace.lock(queue.partition)
            executor.readyKeys.append(queue)
            server.keyspace.unlock(queue.partition)
        }
        watchTime(waiter)
    }

    /// Cancels the request of a client that is being closed, whatever its state.
    func abandon(_ requests: WaitingRequests) {
        guard let waiter = requests.waiter else { return }
        _ = waiter.cancel()
        end(requests, waiter)
    }

    /// Whether a client that has stopped sending can be closed although its request waits.
    ///
    /// It cannot if the request has just been served and the reply is on its way.
    func endsWithClient(_ requests: WaitingRequests) -> Bool {
        requests.waiter?.cancel() ?? requests.wait.endsWithClient
    }

    /// Unblocks a client for CLIENT UNBLOCK, and returns whether it was blocked.
    ///
    /// Any thread may call this while this worker is stopped.
    func unblock(_ connection: Connection, withError: Bool) -> Bool {
        guard let waiter = connection.waiting?.waiter,
            waiter.cancel(withError ? .unblockedWithError : .unblockedInVain),
            waiter.state != .hungUp
        else { return false }
        mailbox.put(.unblocked([waiter]))
        return true
    }

    /// Removes a request that no longer waits from its queues.
    private func end(_ requests: WaitingRequests, _ waiter: Waiter) {
        requests.waiter = nil
        clientFigures.blocked.subtract()
        if waiter.deadline < .max { clientFigures.blockedForTime.subtract() }
        if waiter.nextMoment(after: 0) != nil { deadlines.noteOver() }
        let keyspace = server.keyspace
        for queue in waiter.queues {
            keyspace.lock(queue.partition)
            queue.noteOver()
            server.waiters[queue.partition].settle(queue)
            keyspace.unlock(queue.partition)
        }
    }
}
