internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Blocking a request that found no value at its keys.
extension Executor {
    /// Whether older requests for one of the keys are being served in rounds, so that this request
    /// must queue behind them.
    ///
    /// The partitions of its keys are locked, and some of them are marked `.waited`.
    func hasOthersInLine(_ number: Int, _ arguments: Arguments) -> Bool {
        var isBusy = false
        forEachWaitedKey(number, arguments) { key, partition in
            let queue = server.waiters[partition].queue(key, context.database)
            if let queue, queue.isReady, queue !== readyKeys.current { isBusy = true }
        }
        return isBusy
    }

    /// Whether a request must wait as others, blocked on one of its keys, will go on being served.
    ///
    /// Its partitions, `locked`, are locked, and some of them are marked `.waited`.
    func mustLetOthersGoFirst(
        _ number: Int,
        _ arguments: Arguments,
        _ locked: PartitionSet
    ) -> Bool {
        guard resumedWork == nil, server.waiters.havePutOff(in: locked) else { return false }
        let facts = registry.table.facts[number]
        guard !facts.keys.isEmpty else { return facts.flags.contains(.write) }
        guard !facts.keys.contains(where: \.isUnknown),
            let keys = try? KeyFinder.keys(facts.keys, arguments)
        else { return true }
        return keys.contains {
            let key = context.key(arguments[$0.index])
            let table = server.waiters[context.keyspace.partition(key.hash)]
            return table.queue(key, context.database)?.isPutOff == true
        }
    }

    /// Adds a request of `connection` to the queues of its keys.
    ///
    /// The locks under which it ran are still held.
    @inline(never)
    func block(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        until deadline: Int64
    ) {
        guard case .blocking(let handler) = registry.row(number).runner else {
            preconditionFailure("only blocking commands wait for values")
        }
        let address = ClientAddress(
            worker: worker.index,
            descriptor: connection.descriptor,
            session: connection.session.id
        )
        let waiter = Waiter(
            address,
            connection.session,
            row: number,
            request: request(arguments),
            handler,
            besides: partitionsBesides(number, arguments),
            deadline: deadline,
            lookAgainMilliseconds: context.lookAgainMilliseconds
        )
        context.lookAgainMilliseconds = nil
        forEachWaitedKey(number, arguments) { key, partition in
            server.waiters[partition].add(waiter, key)
        }
        if context.waitsInLine {
            // The request never ran, so one of its other keys may have a value.
            for queue in waiter.queues { readyKeys.append(queue) }
        }
        newWaiter = waiter
        statistics.count(number, cycles: clock.lap())
        statistics.add(.commandsRun)
        connection.session.commandCount &+= 1
    }

    /// Takes the request that was blocked just now.
    func takeNewWaiter() -> Waiter? {
        defer { newWaiter = nil }
        return newWaiter
    }

    /// A copy of a request, with resolved words in place.
    private func request(_ arguments: Arguments) -> RequestQueue {
        var request = RequestQueue()
        guard !context.resolvedWords.isEmpty else {
            request.append(arguments, received: nil)
            return request
        }
        context.resolvedWords.withWords(arguments) { request.append($0, received: nil) }
        context.resolvedWords = ResolvedWords()
        return request
    }

    /// Calls `body` with the keys that the request waits for, and their partitions.
    private func forEachWaitedKey(
        _ number: Int,
        _ arguments: Arguments,
        _ body: (Key, Int) -> Void
    ) {
        forEachKey(number, arguments) { key, partition, isWaited in
            if isWaited { body(key, partition) }
        }
    }

    /// The partitions of keys that the request uses but does not wait for.
    private func partitionsBesides(_ number: Int, _ arguments: Arguments) -> PartitionSet {
        var set: PartitionSet = []
        forEachKey(number, arguments) { _, partition, isWaited in
            if !isWaited { set.insert(PartitionSet(partition: partition)) }
        }
        return set
    }

    private func forEachKey(
        _ number: Int,
        _ arguments: Arguments,
        _ body: (_ key: Key, _ partition: Int, _ isWaited: Bool) -> Void
    ) {
        do throws(KeyFinder.Failure) {
            try KeyFinder.forEach(registry.table.facts[number].keys, arguments) { index, spec in
                let key = context.key(arguments[index])
                // The target of a move is not accessed, only added to.
                body(key, context.keyspace.partition(key.hash), spec.use.contains(.access))
            }
        } catch {
            preconditionFailure("the handler accepted these words")
        }
    }
}
