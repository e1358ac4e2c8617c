internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Requests of clients that cache keys, and of all where clients monitor.
extension Executor {
    /// Runs a request that may run and counts it; what it reads is remembered for its client, and
    /// clients that monitor are told of it.
    func runTold(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection,
        countsUse: Bool
    ) -> Wait? {
        let session = connection.session
        let row = registry.row(number)
        let isRead = row.isData && row.flags.contains(.readonly)
        let wait =
            session.traits.contains(.tracking) && isRead
            ? runRemembered(number, arguments, connection)
            : runMeasured(number, arguments, connection, countsUse: countsUse)
        if let wait {
            // One that waits for a value is not run again.
            guard case .value = wait else { return wait }
        }
        // CLIENT CACHING applies to the next command, or to a whole transaction.
        if session.traits.contains(.caching), session.transaction == nil,
            !isCachingCommand(number)
        {
            session.traits.remove(.caching)
        }
        if alerts.contains(.monitors) { tellMonitors(number, arguments, connection) }
        return wait
    }

    private func isCachingCommand(_ number: Int) -> Bool {
        Bytes(registry.table.facts[number].name) == Bytes("CLIENT CACHING")
    }

    /// As `runMeasured`, for a read of a client that caches what it reads: with its locks planned,
    /// it is remembered.
    private func runRemembered(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection
    ) -> Wait? {
        measure(number, arguments, connection) { () throws(CommandError) -> Outcome in
            try executePlanned(number, arguments, connection)
        }
    }

    /// Remembers for the client of `session` the keys that its command, which is about to run
    /// under their locks, reads.
    func rememberKeys(_ number: Int, _ arguments: Arguments, _ session: Session) {
        let facts = registry.table.facts[number]
        guard let tracker = session.tracker, facts.flags.contains(.readonly),
            tracker.remembers(isMarked: session.traits.contains(.caching))
        else { return }
        let keyspace = context.keyspace
        let found = (try? KeyFinder.keys(facts.keys, arguments)) ?? []
        for key in found {
            let word = arguments[key.index]
            let hash = keyspace.hasher(word)
            let partition = keyspace.partition(hash)
            guard context.held.contains(PartitionSet(partition: partition)) else { continue }
            server.tracking.remember(word, hash, partition, for: tracker)
            keyspace.mark(partition, .tracked, true)
            trimTrackedKeys(partition)
        }
    }

    /// Forgets keys of a partition, which is locked, as far as more are remembered than may be.
    func trimTrackedKeys(_ partition: Int) {
        let limit = server.options.trackedKeysMax
        guard limit > 0, server.tracking.keyCount > limit else { return }
        var budget = Executor.trimmedAtOnce
        server.tracking.trim(partition, to: limit, &context.random, &budget, server.workers)
    }

    private static let trimmedAtOnce = 100
}

extension Worker {
    /// Has the keys that were changed in the batch broadcast, where clients want that.
    @inline(__always)
    func tellBroadcast() {
        guard _slowPath(!broadcast.isEmpty) else { return }
        server.tracking.tell(&broadcast, server.workers)
    }

    /// Ends all by which a client hears of what others do.
    func hearNothing(_ connection: Connection) {
        unsubscribeAll(connection)
        endTracking(connection)
        endMonitoring(connection)
    }

    /// Has a client told of changes of keys no more.
    func endTracking(_ connection: Connection) {
        guard let tracker = connection.session.tracker else { return }
        server.tracking.end(tracker)
        connection.session.tracker = nil
        connection.session.traits.subtract([.tracking, .caching])
        server.postNotices()
    }
}
