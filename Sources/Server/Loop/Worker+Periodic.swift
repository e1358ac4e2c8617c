internal import CSupport
internal import Commands
internal import Store
internal import Structures

/// What is done from time to time: expire, free, age stamps, time out.
extension Worker {
    /// Does what is due, in slices; `hasBacklog` tells whether something is left.
    func tick() {
        guard !server.pausesPeriodicWork else { return putOff() }
        hasBacklog = expire()
        let isDue = context.now >= nextTick
        if isDue || isFreeing { isFreeing = freeRemains() }
        if isFreeing { hasBacklog = true }
        guard isDue else { return }
        nextTick = context.now + 1000 / Int64(server.options.ticksPerSecond)
        ageStamps()
        timeOutClients()
        rates.note(statistics, now: context.now)
    }

    /// Leaves for later what a tick does.
    private func putOff() {
        hasBacklog = false
        nextExpiry = .max
        nextTick = context.now + 1000 / Int64(server.options.ticksPerSecond)
    }

    /// Calls `body` with every shard that this worker looks after, its partition locked.
    private func forEachShard(_ body: (Shard, _ database: Int) -> Void) {
        let keyspace = context.keyspace
        for partition in stride(
            from: index,
            to: keyspace.partitionCount,
            by: server.workerCount
        ) {
            keyspace.lock(partition)
            for database in 0..<keyspace.databaseCount {
                body(keyspace.shard(partition: partition, database: database), database)
            }
            keyspace.unlock(partition)
        }
    }

    /// Removes due keys; returns whether some are left for the next round.
    private func expire() -> Bool {
        guard server.expiresActively else {
            nextExpiry = .max
            return false
        }
        var budget = Worker.expiredAtOnce
        var earliest = Int64.max
        let now = context.now
        let begin = apus_cycles()
        forEachShard { shard, database in
            context.removeDue(in: shard, database: database, &budget)
            if let next = shard.earliestExpiry { earliest = min(earliest, next) }
        }
        statistics.expiryCycles &+= apus_cycles() &- begin
        let hasMore = budget <= 0
        if hasMore { statistics.expiriesCutShort &+= 1 }
        // Not more often than every 10 ms, and at the latest with the next tick, as keys that were
        // set since may be due earlier.
        nextExpiry = max(earliest, now + 10)
        nextExpiry = min(nextExpiry, now + 20)
        return hasMore
    }

    /// Looks for due keys with the next tick.
    func expireSoon() { nextExpiry = 0 }

    /// Sets what is counted to zero.
    func resetStatistics() {
        statistics.reset()
        rates = WorkerRates()
        context.statistics = CommandStatistics()
    }

    private func freeRemains() -> Bool {
        var budget = Worker.freedAtOnce
        var hasMore = false
        forEachShard { shard, _ in
            guard shard.hasRemains else { return }
            if shard.freeSome(budget: &budget) { hasMore = true }
            statistics.lazilyFreed &+= UInt64(shard.takeFreedCount())
        }
        return hasMore
    }

    private func ageStamps() {
        var budget = Worker.stampRunsAtOnce
        let clock = context.accessClock
        forEachShard { shard, _ in shard.ageStamps(clock, budget: &budget) }
    }

    private func timeOutClients() {
        let limit = Int64(server.options.timeoutSeconds)
        for client in clients {
            guard let client else { continue }
            if client.outputBytes > 0 { enforceOutputLimit(client) }
            guard limit > 0, !client.state.contains(.postponed) else { continue }
            if nowSeconds - client.lastActiveAt > limit { close(client) }
        }
    }
}
