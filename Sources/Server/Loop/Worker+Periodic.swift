internal import CSupport
internal import Commands
internal import Primitives
internal import Store
internal import Structures

/// The schedule of a worker's periodic tasks.
struct Upkeep {
    /// When the next tick and the next search for expired keys are due, in milliseconds since 1970.
    var nextTick: Int64 = 0
    var nextExpiry: Int64 = 0
    /// When memory may next be returned to the system, in milliseconds since 1970.
    var nextPurge: Int64 = 0
    /// Whether the last round left keys to expire or blocks to free.
    var hasBacklog = false
    var isFreeing = false
    /// Whether a snapshot has more buckets to visit at once.
    var isWalking = false
    /// How much time the walk of a snapshot may take.
    var walkPace = WalkPace()
    /// The current scan of the connections.
    var clientRound = ClientRound()

    /// When the next task is due.
    var next: Int64 { min(nextTick, nextExpiry) }

    /// Whether a task is due at `now`.
    func isDue(_ now: Int64) -> Bool { hasBacklog || now >= next }
}

/// Periodic tasks: expire, free, age stamps, time out.
extension Worker {
    /// The maximum per tick of expired keys and of freed blocks: well under a millisecond of work.
    private static let expiredAtOnce = 256
    private static let freedAtOnce = 2048
    /// How many keys are looked at per tick for indexes that are being built.
    private static let indexedAtOnce = 256
    /// How many runs of 64 buckets have their stamps aged per tick.
    static let stampRunsAtOnce = 32

    /// Performs tasks that are due, in slices.
    func tick() {
        executor.readBulletin()
        if index == 0 { server.acceptAgain(self) }
        guard !server.pausesPeriodicWork else { return putOff() }
        if upkeep.next > 0, executor.context.now >= upkeep.next {
            pauses.note(late: executor.context.now - upkeep.next)
        }
        guard !server.loading.isOn else { return tickWhileLoading() }
        upkeep.hasBacklog = expire()
        postBroadcast()
        let isDue = executor.context.now >= upkeep.nextTick
        if isDue || upkeep.isFreeing { upkeep.isFreeing = freeRemains() }
        if upkeep.isFreeing { upkeep.hasBacklog = true }
        if executor.removeKeysInTick() { upkeep.hasBacklog = true }
        if server.indexes.isBuilding, buildIndexes() { upkeep.hasBacklog = true }
        guard isDue else { return }
        upkeep.nextTick = executor.context.now + 1000 / Int64(server.options.ticksPerSecond)
        ageStamps()
        lookAtClients()
        evictClients()
        guard index == 0 else { return }
        server.saver.tick(server, on: self)
        server.appendOnly.tick(server, on: self)
        if server.memcachedFlush.isDue(executor.context.now) { flushForMemcached() }
        server.reloadMemcachedUsers(on: self)
        server.notePeak(
            server.figures.usedBytes + server.indexes.byteCount + server.clientBytes
        )
        server.statistics.noteRates(now: executor.context.now)
        purge()
    }

    /// Performs the tasks that do not touch the keys, while these are being loaded.
    private func tickWhileLoading() {
        let isDue = executor.context.now >= upkeep.nextTick
        postBroadcast()
        putOff()
        guard isDue else { return }
        lookAtClients()
        evictClients()
        guard index == 0 else { return }
        server.statistics.noteRates(now: executor.context.now)
        purge()
    }

    /// Returns memory that clients no longer use to the system, about once a second.
    private func purge() {
        guard executor.context.now >= upkeep.nextPurge else { return }
        upkeep.nextPurge = executor.context.now + 1000
        server.reaper.purgeIfWorthwhile()
    }

    /// Postpones the next tick.
    private func putOff() {
        upkeep.hasBacklog = false
        upkeep.nextExpiry = .max
        upkeep.nextTick = executor.context.now + 1000 / Int64(server.options.ticksPerSecond)
    }

    /// Calls `body` with every shard that this worker maintains, with its partition locked.
    ///
    /// Partitions locked by other workers are left for the next tick.
    private func forEachShard(_ body: (Shard, _ database: Int) -> Void) {
        forEachPartition { partition in
            executor.context.keyspace.forEachShard(inPartition: partition, body)
        }
    }

    /// Like `forEachShard`, with the partitions.
    private func forEachPartition(_ body: (_ partition: Int) -> Void) {
        let keyspace = executor.context.keyspace
        for partition in stride(
            from: index,
            to: keyspace.partitionCount,
            by: server.workerCount
        ) {
            guard keyspace.tryLock(partition) else { continue }
            body(partition)
            keyspace.unlock(partition)
        }
    }

    /// Removes expired keys; returns whether some are left for the next round.
    private func expire() -> Bool {
        guard server.expiresActively else {
            upkeep.nextExpiry = .max
            return false
        }
        var budget = Worker.expiredAtOnce
        var earliest = Int64.max
        let now = executor.context.now
        let begin = apus_cycles()
        forEachPartition { partition in
            let wants = executor.context.heed(partition)
            executor.context.keyspace.forEachShard(inPartition: partition) { shard, database in
                executor.context.removeDue(in: shard, database: database, &budget)
                executor.context.keyspace.countUse(of: shard, partition)
                if let next = shard.earliestExpiry { earliest = min(earliest, next) }
            }
            executor.context.handOver(resuming: wants)
            executor.trimTrackedKeys(partition)
        }
        noteExpiry(cycles: apus_cycles() &- begin)
        let hasMore = budget <= 0
        if hasMore { executor.statistics.add(.expiriesCutShort) }
        pauses.expiryLag.set(hasMore && earliest < now ? UInt64(now - earliest) : 0)
        // At most every 10 ms, and at least with every tick, since keys set in the meantime may be
        // due earlier.
        upkeep.nextExpiry = max(earliest, now + 10)
        upkeep.nextExpiry = min(upkeep.nextExpiry, now + 20)
        return hasMore
    }

    private func noteExpiry(cycles: UInt64) {
        executor.statistics.add(.expiryCycles, cycles)
        guard cycles >= executor.noted.latency else { return }
        let milliseconds = Double(cycles) * server.microsecondsPerCycle / 1000
        server.latency.note(
            .expireCycle,
            milliseconds: Int64(milliseconds),
            second: executor.context.now / 1000
        )
    }

    /// Builds indexes over hashes; returns whether some work is left for the next round.
    private func buildIndexes() -> Bool {
        var budget = Worker.indexedAtOnce
        forEachPartition { server.indexes.buildSome($0, &budget) }
        return budget <= 0
    }

    /// Makes the next tick search for expired keys.
    func expireSoon() { upkeep.nextExpiry = 0 }

    private func freeRemains() -> Bool {
        var budget = Worker.freedAtOnce
        var hasMore = false
        forEachShard { shard, _ in
            guard shard.hasRemains else { return }
            if shard.freeSome(budget: &budget) { hasMore = true }
            executor.statistics.takeCount(of: shard)
        }
        return hasMore
    }

    /// Ages stamps, publishes what the partitions hold, and clears keys that nobody watches.
    private func ageStamps() {
        var budget = Worker.stampRunsAtOnce
        let clock = executor.context.accessClock
        // Prometheus sees what is published here, and wants to know times to live.
        let samples = server.options.metrics.port == 0 ? 0 : 1
        forEachPartition { partition in
            var totals = KeyspaceTotals()
            executor.context.keyspace.forEachShard(inPartition: partition) { shard, database in
                shard.ageStamps(clock, budget: &budget)
                executor.context.keyspace.countUse(of: shard, partition)
                totals.add(
                    shard,
                    of: database,
                    sampleBuckets: samples,
                    now: executor.context.now
                )
            }
            server.figures.note(totals, partition: partition)
            server.watches.sweep(partition)
        }
    }

    /// Checks some of the connections, and publishes the memory used by all of them.
    ///
    /// Closes those that have been idle for too long or read too slowly.
    private func lookAtClients() {
        let ticks = server.options.ticksPerSecond
        for place in upkeep.clientRound.places(of: connections.places.count, ticks: ticks) {
            guard let connection = connections.places[place] else { continue }
            upkeep.clientRound.note(
                bytes: ClientLine.memory(connection),
                input: connection.query.count,
                output: connection.outputBytes
            )
            if connection.outputBytes > 0 { enforceOutputLimit(connection) }
            timeOut(connection)
        }
        if upkeep.clientRound.isComplete { clientFigures.publish(upkeep.clientRound) }
    }

    private func timeOut(_ connection: Connection) {
        let limit = Int64(server.options.timeoutSeconds)
        guard limit > 0, !connection.state.contains(.waits) else { return }
        if executor.clock.seconds - connection.traffic.lastAt > limit { close(connection) }
    }
}
