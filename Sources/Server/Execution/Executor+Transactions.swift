internal import CSupport
internal import Commands
internal import Primitives
internal import Store
internal import System
internal import Wire

/// Transactions: queueing, watching, and running the queued requests as one.
///
/// ```text
/// MULTI ─▶ requests are queued, their lock plans joined ─▶ EXEC:
///   the locks of all queued requests and of the watched keys (or the world stands still)
///     ─▶ nothing frozen in the way ─▶ no watched key has changed ─▶ run one after the other
/// ```
/// The requests find all locks held, and wait for nothing.
extension Executor {
    // MARK: Queueing

    /// Queues a request of a client that has started a transaction.
    func queue(_ number: Int, _ arguments: Arguments, _ connection: Connection) {
        let session = connection.session
        guard let transaction = session.transaction else {
            preconditionFailure("only a transaction queues requests")
        }
        context.reply.simple("QUEUED")
        // Requests that will not run need not be kept.
        guard !transaction.hasFailed else { return }
        transaction.append(
            Transaction.Command(row: Int32(number), hash: context.firstHash),
            arguments,
            received: context.received,
            plan: innerPlan(number, arguments),
            asks: registry.row(number).asks
        )
        worker.boundTransaction(connection)
    }

    /// The lock plan of a request that runs within others; the hash of its first key is known.
    ///
    /// Commands that take locks themselves find them all held, as they must not wait for one out of
    /// order.
    func innerPlan(_ number: Int, _ arguments: Arguments) -> LockPlan {
        let row = registry.row(number)
        // The library of a function may be replaced before a transaction runs.
        if row.flags.contains(.locksItself) || row.flags.contains(.callsFunction) {
            return LockPlan(partitions: context.keyspace.allPartitions)
        }
        guard row.isData, row.hasOneKey, !row.flags.contains(.allPartitions) else {
            return plan(number, arguments)
        }
        let partition = context.keyspace.partition(context.firstHash)
        return LockPlan(partitions: PartitionSet(partition: partition))
    }

    // MARK: Watching

    /// Watches the keys named by `arguments` for `session`; their partitions are held.
    func watch(_ arguments: Arguments, _ session: Session) {
        let list = session.beginWatching(server.watches)
        for index in 1..<arguments.count {
            let key = context.key(arguments[index])
            let partition = context.keyspace.partition(key.hash)
            // Remove an expired key first; that does not count as a change from now on.
            let wants = context.heed(partition)
            let exists = context.peek(key) != nil
            context.handOver(resuming: wants)
            list.watch(key, session.database, partition, exists: exists)
        }
    }

    // MARK: Running

    /// Runs the requests queued by `session`, or replies null if a key that it watches has changed.
    func run(
        _ transaction: Transaction,
        _ session: Session,
        _ connection: Connection?
    ) -> Outcome {
        var plan = transaction.plan
        plan.partitions.formUnion(session.watches?.partitions ?? [])
        let keyspace = context.keyspace
        if plan.stopsWorld {
            return server.exclusively(worker) {
                run(transaction, session, connection, under: keyspace.allPartitions)
            }
        }
        guard plan.partitions.isEmpty || lock(plan.partitions) else { return .waits(.partitions) }
        defer {
            // The queued requests may belong to several databases.
            if alerts.contains(.dataSize) { countAllUse(plan.partitions) }
            keyspace.unlock(plan.partitions)
        }
        return run(transaction, session, connection, under: plan.partitions)
    }

    private func run(
        _ transaction: Transaction,
        _ session: Session,
        _ connection: Connection?,
        under partitions: PartitionSet
    ) -> Outcome {
        let outer = context.held
        context.held = partitions
        defer { context.held = outer }
        guard !isHeldUp(transaction, partitions) else { return .waits(.keys) }
        let isOutdated = hasChanges(session, partitions)
        session.unwatch()
        if isOutdated {
            context.reply.nullArray()
        } else {
            runQueued(transaction, session, connection)
            if readyKeys.hasSome { serveReady(partitions) }
        }
        session.endTransaction()
        return .done
    }

    /// Whether a queued request must wait for another client's work on its keys.
    private func isHeldUp(_ transaction: Transaction, _ partitions: PartitionSet) -> Bool {
        let marks = context.keyspace.marks(of: partitions)
        let hasFrozen = marks.hasFrozen
        let hasPutOff = marks.contains(.waited) && server.waiters.havePutOff(in: partitions)
        guard hasFrozen || hasPutOff || marks.contains(.saved) else { return false }
        var isHeldUp = false
        transaction.forEach(&queuedWords) { command, arguments, _ in
            let number = Int(command.row)
            isHeldUp =
                hasFrozen && mustWait(number, arguments)
                || hasPutOff && mustLetOthersGoFirst(number, arguments, partitions)
                || marks.contains(.saved) && isHeldBySnapshot(number, arguments, mayPass: false)
            return !isHeldUp
        }
        return isHeldUp
    }

    /// Whether a key that `session` watches has changed; all partitions concerned are held.
    private func hasChanges(_ session: Session, _ partitions: PartitionSet) -> Bool {
        guard let watches = session.watches else { return false }
        let wants = context.effects.heed(context.keyspace.marks(of: partitions))
        defer { context.handOver(resuming: wants) }
        return watches.hasChanges(&context)
    }

    private func runQueued(
        _ transaction: Transaction,
        _ session: Session,
        _ connection: Connection?
    ) {
        let begin = clock.lapBegin
        let row = running.row
        context.beginGroup()
        context.mayWait = false
        let start = context.reply.buffer.count
        context.reply.array(transaction.count)
        dropIfSilent(from: start, session)
        transaction.forEach(&queuedWords) { command, arguments, block in
            context.received = block
            block?.retain()
            runInner(command, arguments, session, connection)
            context.received?.release()
            context.received = nil
            return true
        }
        context.mayWait = true
        context.endGroup()
        running.begin(row)
        // The time of the transaction includes that of its commands.
        clock.resumeLap(from: begin)
        settledReplies = context.reply.buffer.count
    }

    /// Runs a queued request.
    private func runInner(
        _ command: Transaction.Command,
        _ arguments: Arguments,
        _ session: Session,
        _ connection: Connection?
    ) {
        let number = Int(command.row)
        let start = context.reply.buffer.count
        context.database = session.database
        context.firstHash = command.hash
        running.begin(number)
        if let denial = denial(number, arguments, session) {
            // The user's rules have changed since the request was queued.
            replyError(note(denial, number, arguments, session, connection, in: .multi), number)
        } else {
            performInner(number, arguments, session, connection)
        }
        dropIfSilent(from: start, session)
        // Many replies must not accumulate here, unseen by the client's limit. But changes that are
        // not durable yet must not be acknowledged.
        let isHeld = server.appendOnly.isStrict && context.effects.records.count > 0
        if let connection, context.reply.buffer.count > Worker.replyBytesHeld, !isHeld {
            worker.switchReplies(to: nil)
            worker.switchReplies(to: connection)
        }
    }

    private func performInner(
        _ number: Int,
        _ arguments: Arguments,
        _ session: Session,
        _ connection: Connection?
    ) {
        let plan = innerPlan(number, arguments)
        let start = context.reply.buffer.count
        let begin = alerts.contains(.hotKeys) ? apus_cycles() : 0
        let cycles: UInt64
        if session.traits.contains(.tracking) { rememberKeys(number, arguments, session) }
        do throws(CommandError) {
            let outcome = try runHandler(number, arguments, plan, session, connection)
            if outcome != .done {
                assertionFailure("no request waits within a transaction")
                context.reply.null()
            }
            cycles = clock.lap()
            statistics.count(number, cycles: cycles)
        } catch {
            cycles = clock.lap()
            statistics.countFailure(number, cycles: cycles)
            replyError(error, number)
        }
        statistics.add(.commandsRun)
        guard let connection else { return }
        if alerts.contains(.monitors) { sendToMonitors(number, arguments, connection) }
        noteDuration(number, arguments, connection, cycles: cycles)
        if !alerts.isDisjoint(with: [.sizes, .hotKeys]) {
            noteCosts(number, arguments, connection, replyStart: start, begin: begin)
        }
    }

    private func dropIfSilent(from start: Int, _ session: Session) {
        if session.isSilent, !repliedByPush { context.reply.truncate(to: start) }
        repliedByPush = false
    }
}

extension Worker {
    /// Closes a client whose queue and watched keys, together with the input received so far,
    /// exceed client-query-buffer-limit.
    func boundTransaction(_ connection: Connection) {
        let bytes = connection.requestBytes + connection.session.transactionBytes
        if bytes > server.options.queryBufferBytesMax { closeTooLong(connection) }
    }
}
