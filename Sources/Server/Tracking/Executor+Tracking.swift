internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Requests of clients that cache keys, and of all clients while some monitor.
extension Executor {
    /// Runs an admitted request and measures it.
    ///
    /// The keys that it reads are remembered if its client caches them; clients that monitor see
    /// it.
    func runObserved(
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
            // A request that waits for a value is not run again.
            guard case .value = wait else { return wait }
        }
        // CLIENT CACHING applies to the next command, or to a whole transaction.
        if session.traits.contains(.caching), session.transaction == nil,
            !isCachingCommand(number)
        {
            session.traits.remove(.caching)
        }
        if alerts.contains(.monitors) { sendToMonitors(number, arguments, connection) }
        return wait
    }

    private func isCachingCommand(_ number: Int) -> Bool {
        Bytes(registry.table.facts[number].name) == Bytes("CLIENT CACHING")
    }

    /// As `runMeasured`, for a client that caches what it reads: plans the locks and remembers the
    /// keys.
    private func runRemembered(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection
    ) -> Wait? {
        measure(number, arguments, connection) { () throws(CommandError) -> Outcome in
            try executePlanned(number, arguments, connection)
        }
    }

    /// Remembers the keys read by the command of `session`, which is about to run under their
    /// locks.
    func rememberKeys(_ number: Int, _ arguments: Arguments, _ session: Session) {
        guard let tracker = session.tracker, registry.row(number).flags.contains(.readonly),
            tracker.remembers(isMarked: session.traits.contains(.caching))
        else { return }
        try? KeyFinder.forEach(registry.table.facts[number].keys, arguments) { index, _ in
            remember(arguments[index], for: tracker)
        }
    }

    /// Remembers that a client caches a key, if its partition is locked.
    private func remember(_ word: Bytes, for tracker: Tracker) {
        let keyspace = context.keyspace
        let hash = keyspace.hasher(word)
        let partition = keyspace.partition(hash)
        guard context.held.contains(PartitionSet(partition: partition)) else { return }
        server.tracking.remember(word, hash, partition, for: tracker)
        keyspace.mark(partition, .tracked, true)
        trimTrackedKeys(partition)
    }

    /// Forgets keys of a locked partition if more are remembered than allowed.
    func trimTrackedKeys(_ partition: Int) {
        let limit = server.options.trackedKeysMax
        guard limit > 0, server.tracking.keyCount > limit else { return }
        var budget = Executor.trimmedAtOnce
        server.tracking.trim(partition, to: limit, &context.random, &budget, server.workers)
    }

    private static let trimmedAtOnce = 100
}

extension Worker {
    /// Broadcasts the keys changed in the batch, if clients want that.
    @inline(__always)
    func postBroadcast() {
        guard _slowPath(!broadcast.isEmpty) else { return }
        server.tracking.post(&broadcast, server.workers)
    }

    /// Ends all subscriptions, tracking and monitoring of a client.
    func endFollowing(_ connection: Connection) {
        unsubscribeAll(connection)
        endNotices(connection)
    }

    /// As above, for a client that has been closed: if it has many subscriptions, they are ended in
    /// slices.
    func leave(_ connection: Connection) {
        endNotices(connection)
        if connection.session.subscriptions != nil { leaving.add(connection) }
        endSomeSubscriptions()
    }

    /// Ends tracking and monitoring.
    private func endNotices(_ connection: Connection) {
        endTracking(connection)
        endMonitoring(connection)
        endWatching(connection)
    }

    /// Stops notifying a client of changes to keys.
    func endTracking(_ connection: Connection) {
        guard let tracker = connection.session.tracker else { return }
        server.tracking.end(tracker)
        connection.session.tracker = nil
        connection.session.traits.subtract([.tracking, .caching])
        server.postNotices()
    }
}
