internal import Commands
internal import Primitives
internal import Store
internal import Synchronization
internal import Wire

/// Keeping what is in use within `maxmemory`.
///
/// ```text
/// a request that writes ─▶ credit left? ─▶ runs ─▶ what it has added comes off the credit
///                              │ no
///                              ▼
///        look at all ─▶ remove keys, for a quarter of a millisecond at most
///                              ├─▶ room, or as much was freed as it needs ─▶ new credit, runs
///                              ├─▶ more is left to remove ─▶ waits for the next round
///                              └─▶ nothing may go ─▶ OOM
/// ```
/// No lock is held meanwhile but that of the partition whose keys go.
extension Executor {
    /// Whether there is memory for a request.
    enum Room {
        case granted
        /// Not yet: keys are being removed.
        case later
        /// None, and no key may go.
        case none
    }

    /// How long keys are removed at once.
    private static let sliceNanoseconds: Int64 = 250_000
    /// The most that a worker adds before it looks at all again.
    private static let creditMax = 64 << 10
    /// What is kept free for each worker, at most and as a part of the bound.
    private static let freeMax = 16 << 10
    private static let freeParts = 256
    /// What a word of a request takes besides its bytes.
    private static let bytesPerWord = 32
    /// What is freed of large values whose keys are gone, in blocks, in one visit.
    private static let freedAtOnce = 2048

    /// Has the next request that writes look at all that is in use.
    func giveUpCredit() {
        credit = 0
        granted.set(0)
    }

    // MARK: Before and after a request

    /// Sees to it that a request that writes may run; one that may not be refused runs in any case.
    func makeRoom(for arguments: Arguments, mayBeRefused: Bool) -> Room {
        var need = arguments.count * Executor.bytesPerWord
        for index in 0..<arguments.count { need += arguments[index].count }
        if _fastPath(need <= credit) { return .granted }
        // What has begun to change a value goes on.
        guard resumedWork == nil else { return .granted }
        let room = makeRoom(for: need)
        return mayBeRefused ? room : .granted
    }

    @inline(never)
    private func makeRoom(for need: Int) -> Room {
        credit = 0
        // Announced first, so that of two large ones each sees the other.
        granted.set(UInt64(need))
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        var room = server.room(for: self)
        var freed = 0
        var isExhausted = false
        if room < freeTarget { (room, freed, isExhausted) = removeKeys(need: need) }
        server.memoryBound.note(isExceeded: room < 0)
        // One that was set aside a thousand times has freed more than it needs by now, and others
        // have used it up.
        let isOverdue = !mayWaitForPartitions && !isExhausted
        guard room >= 0 || freed >= max(need, 1) || isOverdue else {
            giveUpCredit()
            return isExhausted ? .none : .later
        }
        credit = max(0, min(Executor.creditMax, room / (2 * server.workerCount)))
        granted.set(UInt64(max(credit, need)))
        return .granted
    }

    /// Takes what a request has added to a partition, which is still locked, off the credit.
    ///
    /// What it has freed is everybody's.
    @inline(__always)
    func countUse(_ partition: Int) {
        let shard = context.keyspace.shard(partition: partition, database: context.database)
        credit -= max(0, context.keyspace.countUse(of: shard, partition))
    }

    /// As above, for several partitions.
    func countUse(_ partitions: PartitionSet) {
        credit -= max(0, context.keyspace.countUse(of: partitions, database: context.database))
    }

    /// As above, in all databases.
    func countAllUse(_ partitions: PartitionSet) {
        partitions.forEach { credit -= max(0, context.keyspace.countUse(ofPartition: $0)) }
    }

    /// Notes that the request for which there was room has run.
    func showCredit() {
        credit = min(credit, Executor.creditMax)
        granted.set(UInt64(max(credit, 0)))
    }

    // MARK: Removing

    /// What is kept free, so that not every request has to remove keys.
    private var freeTarget: Int {
        let part = Int(clamping: server.options.memoryBytesMax) / Executor.freeParts
        return min(Executor.freeMax * server.workerCount, part)
    }

    /// Removes keys where more is in use than there should be; returns whether it has to go on.
    func removeKeysInTick() -> Bool {
        // While clients are paused, nothing is evicted unasked.
        guard alerts.contains(.dataSize), alerts.isDisjoint(with: .pauses),
            server.room(for: self) < 0
        else { return false }
        let (room, _, isExhausted) = removeKeys(need: 0)
        server.memoryBound.note(isExceeded: room < 0)
        return room < 0 && !isExhausted
    }

    /// Removes keys until there is some room, or for as long as it may take at once.
    ///
    /// For a request that has waited long it goes on until `need` bytes are freed, as others may
    /// use up what each slice frees; but not in vain, as what could go may be in partitions whose
    /// workers are waiting for this one.
    ///
    /// Returns: the room, what was freed, and whether no more keys may go.
    private func removeKeys(need: Int) -> (room: Int, freed: Int, isExhausted: Bool) {
        let end = Clock.monotonicNanoseconds() + Executor.sliceNanoseconds
        let target = freeTarget
        let partitionCount = context.keyspace.partitionCount
        var freed = 0
        var fruitless = 0
        var vain = 0
        var room = server.room(for: self)
        while room < target, fruitless < partitionCount {
            let visit = visit(evictionRound.next, missing: target - room)
            freed += visit.freed
            room += visit.freed
            fruitless = visit.hasMore ? 0 : fruitless + 1
            vain = visit.freed > 0 ? 0 : vain + 1
            if !visit.stays { evictionRound.next = (evictionRound.next + 1) % partitionCount }
            if hasWaitedLong, freed < need, vain < partitionCount { continue }
            if Clock.monotonicNanoseconds() >= end { break }
        }
        return (server.room(for: self), freed, fruitless >= partitionCount)
    }

    /// What a visit to a partition has brought.
    private struct Visit {
        var freed = 0
        /// Whether there may be more to be had.
        var hasMore = true
        /// Whether the next visit should be here too.
        var stays = false
    }

    /// Removes some keys of a partition, unless another worker is in it.
    private func visit(_ partition: Int, missing: Int) -> Visit {
        let keyspace = context.keyspace
        guard keyspace.tryLock(partition) else { return Visit() }
        let wants = context.heed(partition)
        defer {
            context.handOver(resuming: wants)
            keyspace.unlock(partition)
        }
        let policy = server.options.evictionPolicy
        var total = 0
        var remaining: (shard: Shard, database: Int)?
        keyspace.forEachShard(inPartition: partition) { shard, database in
            total += policy.candidateCount(in: shard)
            if shard.hasRemains { remaining = (shard, database) }
        }
        if let (shard, _) = remaining { return free(shard, partition) }
        guard total > 0, let (shard, database) = draw(of: total, partition, policy) else {
            return Visit(hasMore: false)
        }
        let wanted = evictionRound.share(
            of: total,
            most: Shard.victimsMax,
            chance: Double(context.random.below(1024)) / 1024
        )
        guard wanted > 0 else { return Visit() }
        context.evict(wanted, from: shard, of: database, by: policy, freeing: missing)
        let growth = keyspace.countUse(of: shard, partition)
        return Visit(freed: max(0, -growth), stays: shard.hasRemains)
    }

    /// Goes on freeing a large value whose key is gone, rather than removing more keys.
    private func free(_ shard: Shard, _ partition: Int) -> Visit {
        var budget = Executor.freedAtOnce
        let hasMore = shard.freeSome(budget: &budget)
        statistics.takeCount(of: shard)
        let growth = context.keyspace.countUse(of: shard, partition)
        return Visit(freed: max(0, -growth), stays: hasMore)
    }

    /// A shard of a partition, drawn with a chance as large as its part of the keys that may go.
    private func draw(
        of total: Int,
        _ partition: Int,
        _ policy: EvictionPolicy
    ) -> (shard: Shard, database: Int)? {
        var place = context.random.below(total)
        var drawn: (Shard, Int)?
        context.keyspace.forEachShard(inPartition: partition) { shard, database in
            let count = policy.candidateCount(in: shard)
            if drawn == nil, place < count { drawn = (shard, database) }
            place -= count
        }
        return drawn
    }
}
