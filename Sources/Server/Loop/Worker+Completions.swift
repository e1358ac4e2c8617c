internal import Commands
internal import Primitives
internal import System
internal import Wire

/// The driver of kernels that have io_uring: a round asks for all its sends and waits for the next
/// bytes with one call.
extension Worker {
    /// Begins with the descriptors that epoll watches: those that are no connection's.
    func startServing(_ ring: CompletionRing) {
        do throws(SystemError) {
            try ring.start()
        } catch {
            preconditionFailure("a new ring can be started")
        }
        ring.watch(poll.descriptor)
    }

    /// Sends what is finished, waits, and serves what came.
    func serveCompletions(_ ring: CompletionRing, _ timeout: Int32) {
        ask(ring)
        let wanted = arrivals.worthWaitingFor
        ring.wait(for: wanted, patience: wanted > 1 ? Arrivals.patience : 0, milliseconds: timeout)
        readClocks()
        settle(ring)
        clearReplies()
        arrivals.look(at: context.now)
        // Not what comes meanwhile: where buffers lack, those who ask again are refused at once,
        // and what would help them, the buffers that are used up, goes back after the round.
        let end = ring.end
        while let completion = ring.next(before: end) { serve(completion, ring) }
    }

    private func serve(_ completion: CompletionRing.Completion, _ ring: CompletionRing) {
        switch completion.kind {
        case .receive: take(completion, ring)
        case .room:
            guard let client = client(of: completion) else { return }
            sendMore(client)
        case .ready:
            for index in 0..<poll.wait(0) { serveOther(poll.event(index).descriptor) }
            ring.watch(poll.descriptor)
        case .send, .stop: break
        }
    }

    private func take(_ completion: CompletionRing.Completion, _ ring: CompletionRing) {
        let client = client(of: completion)
        if completion.hasBytes {
            let memory = ring.bytes(completion)
            let count = Int(completion.result)
            if let client, count > 0 {
                arrivals.note(isFirst: client.arrivedIn != arrivals.window)
                client.arrivedIn = arrivals.window
                take(client, memory, count)
            }
            ring.use(completion)
        }
        guard completion.isLast, let client, !client.state.contains(.closed) else { return }
        client.state.remove(.receiving)
        // What ended shows again when a postponed client is received from anew.
        if completion.mayGoOn || client.state.contains(.postponed) {
            watch(client, ring)
        } else {
            close(client)
        }
    }

    /// Receives from a client, or does no longer, as it can take something or not.
    func watch(_ client: Client, _ ring: CompletionRing) {
        let mayReceive = !client.state.contains(.postponed)
        guard mayReceive != client.state.contains(.receiving) else { return }
        if mayReceive {
            client.state.insert(.receiving)
            ring.receive(client.descriptor, mark: client.mark)
        } else {
            // Until the ring says so, it is still receiving.
            ring.stopReceiving(client.descriptor, mark: client.mark)
        }
    }

    /// Asks to be told when there is room to send.
    func askForRoom(_ client: Client, _ ring: CompletionRing) {
        ring.watchForRoom(client.descriptor, mark: client.mark)
    }

    /// The client of a completion, unless it has ended.
    private func client(of completion: CompletionRing.Completion) -> Client? {
        guard let client = client(of: completion.target), client.mark == completion.mark else {
            return nil
        }
        return client
    }

    // MARK: Sending

    /// Queues the sends of what is finished.
    func ask(_ ring: CompletionRing) {
        for index in 0..<finished.count {
            let reply = finished[index]
            ring.send(
                reply.descriptor,
                context.reply.buffer.bytes[reply.range],
                number: Int32(index)
            )
        }
    }

    /// Looks at how the sends went that the ring was last asked for.
    func settle(_ ring: CompletionRing) {
        while let completion = ring.nextFailedSend() {
            finished[Int(completion.target)].outcome = completion.transfer
        }
        settleFinished()
    }
}
