internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// Waiting requests: long ones run in slices, blocked ones run when the other work has finished.
///
/// Requests of a client stay in order, so those after a waiting one wait as well.
extension Worker {
    /// The approximate total time for slices in one round.
    private static let sliceNanoseconds: Int64 = 250_000

    // MARK: Setting aside

    /// Sets aside the first request of its client, which could not run or is unfinished.
    @inline(never)
    func postpone(_ item: Batch.Item, _ connection: Connection, _ wait: Wait) {
        let requests = WaitingRequests(wait)
        connection.waiting = requests
        connection.state.insert(.waits)
        if case .value = wait { return beginBlocking(requests) }
        hold(item, connection)
        file(connection)
    }

    /// Resumes a client whose request waited for a value and has been served.
    func goOn(_ connection: Connection) {
        connection.waiting?.wait = .keys
        resume(connection)
        file(connection)
        switchReplies(to: nil)
    }

    /// Sets aside a request of a client that has others waiting, or drops it if the client is
    /// closing.
    @inline(never)
    func hold(_ item: Batch.Item, _ connection: Connection) {
        guard connection.state.isDisjoint(with: [.closed, .closesAfterReply]) else { return }
        let arguments = round.words.arguments(item.start, item.count)
        connection.waiting?.queue.append(arguments, received: executor.context.received)
    }

    private func file(_ connection: Connection) {
        waiting.file(connection)
        executor.context.mayBeginWork = waiting.mayBeginWork
        guard connection.state.contains(.inputEnded), connection.waiting?.waiter != nil else {
            return
        }
        // Its input ended before it started to wait for a value, which is not reported twice.
        switchReplies(to: nil)
        endInput(connection)
    }

    // MARK: Resuming

    /// Retries requests that may run, and runs a slice of one client's work.
    func serveWaiting() {
        executor.readBulletin()
        for connection in waiting.takeReady() {
            resume(connection)
            file(connection)
        }
        if let connection = waiting.takeTurn() {
            let work = connection.waiting?.wait.work
            let end = Clock.monotonicNanoseconds() + Worker.sliceNanoseconds
            repeat {
                resume(connection)
            } while connection.waiting?.wait.work == work
                && Clock.monotonicNanoseconds() < end
            file(connection)
            if connection.waiting?.wait.work != work { server.workEnded(on: self) }
        }
        postBroadcast()
        finishRound()
    }

    /// Runs a client's waiting requests as far as possible.
    private func resume(_ connection: Connection) {
        guard let requests = connection.waiting else { return }
        switchReplies(to: connection)
        while requests.queue.count > 0, !connection.state.contains(.closesAfterReply) {
            if connection.state.contains(.closed), requests.wait.work == nil { break }
            if let wait = runFirst(requests, connection) {
                requests.tries += 1
                requests.wait = wait
                guard case .value = wait else { return }
                requests.queue.removeFirst()
                return beginBlocking(requests)
            }
            requests.tries = 0
            requests.queue.removeFirst()
            requests.wait = .keys
        }
        connection.waiting = nil
        connection.state.remove(.waits)
        guard !connection.state.contains(.closed) else { return }
        if let failure = requests.failure, !connection.state.contains(.closesAfterReply) {
            replyFailure(failure, connection)
        }
        switchReplies(to: nil)
        goOnReceiving(connection)
    }

    private func runFirst(_ requests: WaitingRequests, _ connection: Connection) -> Wait? {
        let start = round.words.count
        defer { round.words.truncate(to: start) }
        let received = requests.queue.readFirst { round.words.append($0) }
        received?.retain()
        executor.context.received = received
        executor.resumedWork = requests.wait.work
        executor.tries = requests.tries
        defer {
            executor.tries = 0
            executor.dropResumedWork()
            executor.context.received?.release()
            executor.context.received = nil
        }
        let count = round.words.count - start
        let arguments = round.words.arguments(start, count)
        let item =
            connection.state.contains(.memcached)
            ? memcachedItem(connection, start, count, named: arguments[0])
            : item(connection, start, count)
        let wait = executor.run(item, arguments, connection)
        guard wait == .partitions, let work = executor.resumedWork else { return wait }
        // The request did not reach its work, which is kept.
        executor.resumedWork = nil
        return .turn(work)
    }
}

extension Instance {
    /// Lets clients of all workers that wait for a work to end retry.
    func workEnded(on worker: Worker) {
        worker.waiting.workEnded()
        for other in workers where other !== worker { other.mailbox.put(.workEnded) }
    }
}
