internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// Takes locks, and runs commands while they are held.
extension Executor {
    /// Runs a request whose locks must be planned.
    @inline(never)
    func executePlanned(
        _ number: Int,
        _ arguments: Arguments,
        _ connection: Connection
    ) throws(CommandError) -> Outcome {
        let plan = plan(number, arguments)
        let keyspace = context.keyspace
        guard plan.partitions.isEmpty || lock(plan.partitions) else { return .waits(.partitions) }
        context.held = plan.partitions
        defer {
            context.held = []
            context.waitsInLine = false
            if alerts.contains(.dataSize) { countUse(plan.partitions) }
            keyspace.unlock(plan.partitions)
        }
        if connection.session.traits.contains(.tracking) {
            rememberKeys(number, arguments, connection.session)
        }
        let outcome = try runHandler(number, arguments, plan, connection.session, connection)
        if case .waits(.value(let deadline)) = outcome {
            block(number, arguments, connection, until: deadline)
        }
        return outcome
    }

    /// Runs the command in row `number` on behalf of `session`, with the caller's words.
    ///
    /// It may be called while another command runs: locks already held are not taken again, and the
    /// other command then continues unaffected. The reply is appended in the protocol of `session`.
    ///
    /// Precondition: the locks of the row's plan come after those held, or the world is stopped.
    ///
    /// Throws: the command's error; no reply has been written.
    func perform(
        _ number: Int,
        _ arguments: Arguments,
        for session: Session,
        from connection: Connection? = nil
    ) throws(CommandError) -> Outcome {
        let outer = Suspended(context)
        defer { outer.resume(&context) }
        context.database = session.database
        context.ignoresUses = session.traits.contains(.noTouch)
        context.reply.dialect = session.dialect
        hashFirstKey(of: number, arguments)
        let plan = plan(number, arguments)
        let missing = plan.partitions.subtracting(context.held)
        context.keyspace.lock(missing)
        context.held.formUnion(missing)
        defer {
            context.held.subtract(missing)
            if alerts.contains(.dataSize) { countUse(missing) }
            context.keyspace.unlock(missing)
        }
        if session.traits.contains(.tracking) { rememberKeys(number, arguments, session) }
        defer {
            if alerts.contains(.monitors), let connection {
                sendToMonitors(number, arguments, connection)
            }
        }
        return try runHandler(number, arguments, plan, session, connection)
    }

    /// The parts of the context that belong to the running command, while another one is performed.
    struct Suspended {
        private let database: Int
        private let firstHash: KeyHash
        private let ignoresUses: Bool
        private let dialect: ReplyDialect

        init(_ context: borrowing CommandContext) {
            database = context.database
            firstHash = context.firstHash
            ignoresUses = context.ignoresUses
            dialect = context.reply.dialect
        }

        func resume(_ context: inout CommandContext) {
            context.database = database
            context.firstHash = firstHash
            context.ignoresUses = ignoresUses
            context.reply.dialect = dialect
        }
    }

    /// Runs a handler; the locks of its plan are held.
    func runHandler(
        _ number: Int,
        _ arguments: Arguments,
        _ plan: LockPlan,
        _ session: Session,
        _ connection: Connection?
    ) throws(CommandError) -> Outcome {
        let row = registry.row(number)
        if alerts.contains(.importing) { removeDueIfWriting(number) }
        let usesSession = row.flags.contains(.usesSession)
        if usesSession { swap(&context.fieldSets, &session.fieldSets) }
        defer { if usesSession { swap(&context.fieldSets, &session.fieldSets) } }
        switch row.runner {
        case .data, .waitingData, .blocking:
            if context.keyspace.isMarked(plan.partitions) {
                return try performMarked(number, arguments, plan.partitions)
            }
            defer { settle(number, arguments) }
            return try row.run(arguments, &context)
        case .admin(let handler):
            try handler(arguments, call(session, connection))
            return .done
        case .waitingAdmin(let handler):
            return try handler(arguments, call(session, connection))
        case .container:
            throw .wordCount
        }
    }

    private func call(_ session: Session, _ connection: Connection?) -> AdminCall {
        AdminCall(server: server, worker: worker, session: session, connection: connection)
    }

    // MARK: Planning

    /// The locks that a request needs, and whether its command may stop the world.
    func plan(_ number: Int, _ arguments: Arguments) -> LockPlan {
        let row = registry.row(number)
        let keyspace = context.keyspace
        var plan = LockPlan(stopsWorld: row.flags.contains(.stopsWorld))
        if row.flags.contains(.runsScript) {
            plan.partitions = scriptPartitions(number, arguments)
        } else if row.flags.contains(.allPartitions) {
            plan.partitions = keyspace.allPartitions
        } else if row.flags.contains(.locksKeys)
            || !row.flags.contains(.locksItself) && row.isData
        {
            plan.partitions = partitions(registry.table.facts[number].keys, arguments)
        }
        return plan
    }

    /// The partitions of all keys of a request; all partitions if its keys are unknown.
    func partitions(_ specs: [KeySpec], _ arguments: Arguments) -> PartitionSet {
        let keyspace = context.keyspace
        guard !specs.contains(where: \.isUnknown) else { return keyspace.allPartitions }
        var set: PartitionSet = []
        do throws(KeyFinder.Failure) {
            try KeyFinder.forEach(specs, arguments) { index, _ in
                let hash = keyspace.hasher(arguments[index])
                set.insert(PartitionSet(partition: keyspace.partition(hash)))
            }
        } catch {
            return keyspace.allPartitions
        }
        return set
    }

    /// Computes the hash of the first key of a request.
    func hashFirstKey(of number: Int, _ arguments: Arguments) {
        let firstKey = registry.row(number).firstKey
        guard firstKey > 0, firstKey < arguments.count else { return }
        context.firstHash = context.keyspace.hasher(arguments[firstKey])
    }

    // MARK: Contended locks

    /// Locks partitions, at least one of which another worker holds.
    ///
    /// Returns false if that takes long: the request must then wait while its worker continues.
    @inline(never)
    func waitToLock(_ partitions: PartitionSet) -> Bool {
        let isLocked = context.keyspace.lockSoon(partitions)
        if !isLocked {
            guard !mayWaitForPartitions else { return false }
            context.keyspace.lock(partitions)
        }
        // Time has passed: keys that have expired by now must not be returned.
        readClocks()
        return true
    }

    /// Locks partitions; returns false if that takes long, like `waitToLock`.
    func lock(_ partitions: PartitionSet) -> Bool {
        context.keyspace.tryLock(partitions) || waitToLock(partitions)
    }

    // MARK: Marked partitions

    /// Runs a command whose partitions, now locked, have marks.
    ///
    /// Its changes are recorded for those who watch the partitions, and it may not be able to run.
    @inline(never)
    func performMarked(
        _ number: Int,
        _ arguments: Arguments,
        _ locked: PartitionSet
    ) throws(CommandError) -> Outcome {
        let marks = context.keyspace.marks(of: locked)
        let wants = context.effects.heed(marks)
        if marks.contains(.observed) { noteKeysBefore(number, arguments) }
        defer {
            settle(number, arguments)
            if marks.contains(.observed) { context.effects.forgetBefore() }
            if !passing.isEmpty { endPassing(servesStreams: true) }
            if readyKeys.hasSome { serveReady(context.held.union(locked)) }
            if !passing.isEmpty { endPassing(servesStreams: false) }
            context.effects.resume(wants)
        }
        if marks.contains(.waited), context.mayWait {
            if case .blocking = registry.row(number).runner {
                context.waitsInLine = hasOthersInLine(number, arguments)
            } else if mustLetOthersGoFirst(number, arguments, locked) {
                return .waits(.keys)
            }
        }
        if marks.contains(.saved), isHeldBySnapshot(number, arguments, mayPass: true) {
            return .waits(.keys)
        }
        guard marks.isDisjoint(with: .obstacles) else {
            return try performAmidWork(number, arguments, locked)
        }
        return try registry.row(number).run(arguments, &context)
    }

    /// Notes what the keys of a write command hold, for notifications that depend on it.
    private func noteKeysBefore(_ number: Int, _ arguments: Arguments) {
        let facts = registry.table.facts[number]
        guard facts.flags.contains(.write), context.effects.wants.contains(.notify),
            let keys = try? KeyFinder.keys(facts.keys, arguments)
        else { return }
        // COPY and MOVE name another database.
        let databases =
            facts.databases == nil
            ? context.database..<context.database + 1 : 0..<context.keyspace.databaseCount
        for key in keys {
            for database in databases {
                context.noteBefore(context.key(arguments[key.index]), in: database)
            }
        }
    }

    /// Runs a command that may not be able to run now.
    ///
    /// If its partitions contain frozen keys, it waits if it names one of them, unless it is the
    /// command that works on that key. If memory is low, it is rejected if it may need more than
    /// there is.
    private func performAmidWork(
        _ number: Int,
        _ arguments: Arguments,
        _ locked: PartitionSet
    ) throws(CommandError) -> Outcome {
        if context.keyspace.hasFrozen(locked), mustWait(number, arguments) {
            return .waits(.keys)
        }
        try demandMemory(number, arguments, locked)
        let now = context.now
        if let work = resumedWork {
            context.work = context.keyspace.thaw(work, locked)
            context.now = context.work?.startedAt ?? now
            resumedWork = nil
        }
        defer {
            context.endWork()
            context.now = now
        }
        return try registry.row(number).run(arguments, &context)
    }

    /// Whether a request must wait for another one that is working on its keys.
    func mustWait(_ number: Int, _ arguments: Arguments) -> Bool {
        let facts = registry.table.facts[number]
        guard !facts.keys.isEmpty else {
            // FLUSHALL and similar commands abandon running copies; commands that only read all
            // keys may run alongside.
            return facts.flags.contains(.write) && !context.keyspace.giveUpCopies()
        }
        guard !facts.keys.contains(where: \.isUnknown),
            let keys = try? KeyFinder.keys(facts.keys, arguments)
        else { return true }
        return keys.contains {
            context.keyspace.isFrozen(context.key(arguments[$0.index]), for: resumedWork)
        }
    }

    /// Ends the work that the last request should have resumed but did not.
    ///
    /// The work was abandoned, or the request was rejected.
    func dropResumedWork() {
        guard let work = resumedWork else { return }
        let keyspace = context.keyspace
        keyspace.lock(keyspace.allPartitions)
        keyspace.thaw(work, keyspace.allPartitions)?.copy?.discard()
        keyspace.unlock(keyspace.allPartitions)
        resumedWork = nil
    }
}

/// What a request needs before it can run.
struct LockPlan {
    /// The partitions to lock.
    var partitions: PartitionSet = []
    /// Whether its command may stop the world.
    ///
    /// That must not happen while locks are held: a caller that holds locks stops the world first.
    var stopsWorld = false

    /// Adds what another request needs.
    mutating func formUnion(_ other: LockPlan) {
        partitions.formUnion(other.partitions)
        stopsWorld = stopsWorld || other.stopsWorld
    }
}
