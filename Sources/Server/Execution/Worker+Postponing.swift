internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// Postponing: requests that would take long are run in slices, and those that name keys such a one
/// works on wait until it is through. A client's requests keep their order, so what it sent behind
/// waits too, and nothing more is received from it.
extension Worker {
    /// How long the slices of one round take together, about.
    private static let sliceNanoseconds: Int64 = 250_000

    // MARK: Putting aside

    /// Puts aside a request that could not run or is not through, the first of its client.
    @inline(never)
    func postpone(_ item: Batch.Item, _ client: Client) {
        let postponement = Postponement()
        postponement.work = takePostponedWork()
        client.postponement = postponement
        client.state.insert(.postponed)
        hold(item, client)
        watch(client)
        file(client)
    }

    /// Puts a request aside whose client has others waiting; one of a client that is about to end
    /// is dropped.
    @inline(never)
    func hold(_ item: Batch.Item, _ client: Client) {
        guard client.state.isDisjoint(with: [.closed, .closesAfterReply]) else { return }
        let arguments = words.arguments(item.start, item.count)
        client.postponement?.append(HeldRequest(arguments, received: context.received))
    }

    private func takePostponedWork() -> UInt64 {
        defer { context.postponedWork = 0 }
        return context.postponedWork
    }

    private func file(_ client: Client) {
        postponed.file(client)
        context.mayBeginWork = postponed.atWork.count < PostponedClients.worksMax
    }

    /// Drops what a client that has ended left, but for work that it has begun: that is finished.
    func abandonPostponed(_ client: Client) {
        if client.postponement?.work == 0 { client.postponement = nil }
    }

    // MARK: Going on

    /// Takes clients up again that may try, and does a slice of the work of one.
    func servePostponed() {
        for client in postponed.takeReady() {
            resume(client)
            file(client)
        }
        if let client = postponed.takeAtWork() {
            let work = client.postponement?.work
            let end = Clock.monotonicNanoseconds() + Worker.sliceNanoseconds
            repeat {
                resume(client)
            } while client.postponement?.work == work
                && Clock.monotonicNanoseconds() < end
            file(client)
            if client.postponement?.work != work { server.retryPostponed(self) }
        }
        finishRound()
    }

    /// Runs what a client has waiting as far as it goes.
    private func resume(_ client: Client) {
        guard let postponement = client.postponement else { return }
        switchReplies(to: client)
        while let request = postponement.first, !client.state.contains(.closesAfterReply) {
            if client.state.contains(.closed), postponement.work == 0 { break }
            resumedWork = postponement.work
            let isThrough = run(request, client)
            dropWork()
            postponement.work = takePostponedWork()
            guard isThrough else { return }
            postponement.removeFirst()
        }
        client.postponement = nil
        client.state.remove(.postponed)
        guard !client.state.contains(.closed) else { return }
        if let failure = postponement.failure, !client.state.contains(.closesAfterReply) {
            context.reply.error(failure)
            client.state.insert(.closesAfterReply)
        }
        watch(client)
        switchReplies(to: nil)
        if client.query.count > client.parsed, !client.state.contains(.closed) { parseKept(client) }
    }

    /// Ends the work that the request which ran should have gone on with but did not: it was given
    /// up by then, or the request was refused.
    private func dropWork() {
        guard resumedWork != 0 else { return }
        let all = context.keyspace.allPartitions
        context.keyspace.lock(set: all)
        context.keyspace.thaw(resumedWork, set: all)?.copy?.discard()
        context.keyspace.unlock(set: all)
        resumedWork = 0
    }

    private func run(_ request: HeldRequest, _ client: Client) -> Bool {
        let start = words.count
        defer { words.truncate(to: start) }
        return request.withWords {
            words.append($0)
        } run: { received in
            received?.retain()
            context.received = received
            defer {
                context.received?.release()
                context.received = nil
            }
            return run(item(client, start, words.count - start), client)
        }
    }

    // MARK: Amid frozen keys

    /// Runs a command whose partitions, locked by now, hold frozen keys: it waits if it names one
    /// of them, unless it is the one that works on it.
    @inline(never)
    func runAmidWork(
        _ handler: DataHandler,
        _ number: Int,
        _ arguments: Arguments,
        locked: UInt64
    ) throws(CommandError) {
        if mustWait(number, arguments) { throw .postponed }
        let now = context.now
        if resumedWork != 0 {
            context.work = context.keyspace.thaw(resumedWork, set: locked)
            context.now = context.work?.startedAt ?? now
            resumedWork = 0
        }
        defer {
            settleIfAsked(number, arguments)
            context.now = now
        }
        do throws(CommandError) {
            try handler(arguments, &context)
        } catch {
            context.endWork()
            throw error
        }
        context.endWork()
    }

    private func mustWait(_ number: Int, _ arguments: Arguments) -> Bool {
        let facts = registry.table.facts[number]
        guard !facts.keys.isEmpty else {
            // FLUSHALL and its like end copies; what only looks over all keys may do so.
            return facts.flags.contains(.write) && !context.keyspace.giveUpCopies()
        }
        guard !facts.keys.contains(where: \.isUnknown),
            let keys = try? KeyFinder.keys(facts.keys, arguments)
        else { return true }
        return keys.contains {
            context.keyspace.isFrozen(context.key(arguments[$0.index]), for: resumedWork)
        }
    }
}

extension Instance {
    /// Lets the clients of all workers try again that wait for a work to end.
    func retryPostponed(_ worker: Worker) {
        worker.postponed.retry()
        for other in workers where other !== worker {
            other.mailbox.put(.retry)
            other.wakeUp.signal()
        }
    }
}
