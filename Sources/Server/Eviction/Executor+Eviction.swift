internal import Commands
internal import Primitives
internal import Store
internal import Synchronization
internal import Wire

/// Keeps memory use within `maxmemory`.
///
/// ```text
/// write request ─▶ credit left? ─▶ runs ─▶ what it has added is subtracted from the credit
///                       │ no
///                       ▼
///  check memory use ─▶ evict keys, for at most a quarter of a millisecond
///                       ├─▶ enough memory, or enough was freed for it ─▶ new credit, runs
///                       ├─▶ more can be evicted ─▶ waits for the next round
///                       └─▶ no key may be evicted ─▶ OOM
/// ```
/// The only lock held meanwhile is that of the partition whose keys are evicted.
extension Executor {
    /// Whether there is memory for a request.
    enum Room {
        case granted
        /// Not yet: keys are being evicted.
        case later
        /// No, and no key may be evicted.
        case none
    }

    /// The maximum time of one run of evictions.
    private static let sliceNanoseconds: Int64 = 250_000
    /// How much a worker may add before it checks memory use again.
    private static let creditMax = 64 << 10
    /// How much to keep free for each worker: at most this, and at most a certain part of the
    /// limit.
    private static let freeMax = 16 << 10
    private static let freeParts = 256
    /// The memory that a word of a request takes in addition to its bytes.
    private static let bytesPerWord = 32
    /// How many blocks of large values whose keys are gone to free in one visit.
    private static let freedAtOnce = 2048

    /// Makes the next write request check memory use.
    func giveUpCredit() {
        credit = 0
        granted.set(0)
    }

    // MARK: Before and after a request

    /// Makes memory available for a write request; runs it in any case if it may not be rejected.
    func makeRoom(for arguments: Arguments, mayBeRefused: Bool) -> Room {
        var need = arguments.count * Executor.bytesPerWord
        for index in 0..<arguments.count { need += arguments[index].count }
        if _fastPath(need <= credit) { return .granted }
        // A command that has started to change a value finishes.
        guard resumedWork == nil else { return .granted }
        let room = makeRoom(for: need)
        return mayBeRefused ? room : .granted
    }

    @inline(never)
    private func makeRoom(for need: Int) -> Room {
        credit = 0
        // Announce this first, so that two workers with large requests see each other's.
        granted.set(UInt64(need))
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        var room = server.room(for: self)
        var freed = 0
        var isExhausted = false
        if room < freeTarget { (room, freed, isExhausted) = removeKeys(need: need) }
        server.memoryBound.note(isExceeded: room < 0)
        // A request that has been set aside a thousand times has freed more than it needs by now,
        // but others have used it.
        let isOverdue = !mayWaitForPartitions && !isExhausted
        guard room >= 0 || freed >= max(need, 1) || isOverdue else {
            giveUpCredit()
            return isExhausted ? .none : .later
        }
        credit = max(0, min(Executor.creditMax, room / (2 * server.workerCount)))
        granted.set(UInt64(max(credit, need)))
        return .granted
    }

    /// Subtracts what a request has added to a partition, which is still locked, from the credit.
    ///
    /// What it has freed is not added, as it is for everyone.
    @inline(__always)
    func countUse(_ partition: Int) {
        let shard = context.keyspace.shard(partition: partition, database: context.database)
        credit -= max(0, context.keyspace.countUse(of: shard, partition))
    }

    /// As above, for several partitions.
    func countUse(_ partitions: PartitionSet) {
        credit -= max(0, context.keyspace.countUse(of: partitions, database: context.database))
    }

    /// As above, for all databases.
    func countAllUse(_ partitions: PartitionSet) {
        partitions.forEach { credit -= max(0, context.keyspace.countUse(ofPartition: $0)) }
    }

    /// Publishes the credit left after the request for which memory was made available.
    func showCredit() {
        credit = min(credit, Executor.creditMax)
        granted.set(UInt64(max(credit, 0)))
    }

    // MARK: Evicting

    /// How much to keep free, so that not every request must evict keys.
    private var freeTarget: Int {
        let part = Int(clamping: server.options.memoryBytesMax) / Executor.freeParts
        return min(Executor.freeMax * server.workerCount, part)
    }

    /// Evicts keys if too much memory is in use; returns whether more remains to be done.
    func removeKeysInTick() -> Bool {
        // While clients are paused, only requests evict keys.
        guard alerts.contains(.dataSize), alerts.isDisjoint(with: .pauses),
            server.room(for: self) < 0
        else { return false }
        let (room, _, isExhausted) = removeKeys(need: 0)
        server.memoryBound.note(isExceeded: room < 0)
        return room < 0 && !isExhausted
    }

    /// Evicts keys until some memory is free, or for as long as it may take at once.
    ///
    /// For a request that has waited long, it continues until `need` bytes are freed, as others may
    /// use what each slice frees. It does not continue in vain, as the evictable keys may be in
    /// partitions whose workers are waiting for this one.
    ///
    /// Returns: the free memory, what was freed, and whether no more keys may be evicted.
    private func removeKeys(need: Int) -> (room: Int, freed: Int, isExhausted: Bool) {
        guard !alerts.contains(.importing) else { return (server.room(for: self), 0, true) }
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

    /// The result of a visit to a partition.
    private struct Visit {
        var freed = 0
        /// Whether another visit may free more.
        var hasMore = true
        /// Whether the next visit should be to the same partition.
        var stays = false
    }

    /// Evicts some keys of a partition, unless another worker holds its lock.
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

    /// Continues to free a large value whose key is gone, rather than evicting more keys.
    private func free(_ shard: Shard, _ partition: Int) -> Visit {
        var budget = Executor.freedAtOnce
        let hasMore = shard.freeSome(budget: &budget)
        statistics.takeCount(of: shard)
        let growth = context.keyspace.countUse(of: shard, partition)
        return Visit(freed: max(0, -growth), stays: hasMore)
    }

    /// A random shard of a partition, weighted by its number of evictable keys.
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
