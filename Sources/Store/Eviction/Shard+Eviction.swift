public import Primitives
public import Structures

/// Chooses the keys to evict when memory runs out.
///
/// Nothing is removed here: the caller removes the keys and reports it.
extension Shard {
    /// The maximum number of keys chosen at once.
    public static let victimsMax = 16
    /// The number of buckets that the hand passes before it also accepts warm keys.
    private static let bucketsPassed = 64
    /// The maximum number of buckets that the hand passes in one call: some tens of microseconds.
    private static let bucketsPassedMax = 512
    /// The number of segments sampled to find the nearest expiry.
    private static let segmentSamples = 16

    // MARK: States

    /// Whether keys have states, which eviction goes by.
    ///
    /// Complexity: O(keys on probation) when turned off.
    public var keepsStates: Bool {
        get { arena.keepsStates }
        nonmutating set {
            arena.keepsStates = newValue
            guard !newValue, var order = evictionOrder else { return }
            order.ring.removeAll(&arena)
            order.ghosts.removeAll(&arena)
            evictionOrder = nil
        }
    }

    /// Records a use of the key at `slot` in its state.
    @inlinable
    @inline(__always)
    public func warm(_ slot: Slot, mayBeHot: Bool) {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.keys.warm(slot.location, mayBeHot: mayBeHot)
    }

    /// Sets the initial state of the key at `slot`, which was just added.
    func beginState(of slot: Slot, _ hash: KeyHash) {
        let table = keys
        guard var order = evictionOrder else { return table.setState(slot.location, .cold) }
        if !order.hasProbation || order.ghosts.take(hash, arena) {
            table.setState(slot.location, .warm)
        } else {
            table.setState(slot.location, .probation)
            order.ring.append(EntryTable.ticket(of: hash), &arena)
            if order.ring.count * 100 > count * EvictionOrder.probationPercentMax,
                order.ring.count > Shard.victimsMax
            {
                endOldestProbation(&order)
            }
        }
        evictionOrder = order
    }

    /// Ends the probation of the oldest key, as memory has sufficed for all keys for so long.
    private func endOldestProbation(_ order: inout EvictionOrder) {
        guard let ticket = order.ring.popFirst(&arena),
            let location = keys.probationer(ticket, arena)
        else { return }
        keys.setState(location, .cold)
    }

    /// Remembers a key that is evicted while on probation.
    public func rememberVictim(_ hash: KeyHash) {
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.evictionOrder?.ghosts.remember(hash, &state.pointee.arena)
    }

    // MARK: Choosing

    /// Appends up to `wanted` keys to `victims`, chosen by `policy`, and prefetches their entries.
    ///
    /// Appends none if no key may be evicted, or if all keys that the hand passed were in use.
    ///
    /// Complexity: O(wanted), amortised.
    public func chooseVictims(
        _ policy: EvictionPolicy,
        wanted: Int,
        _ random: inout FastRandom,
        _ victims: inout [EvictionVictim]
    ) {
        assert(wanted <= Shard.victimsMax, "otherwise keys could be chosen twice")
        guard wanted > 0, policy.candidateCount(in: self) > 0 else { return }
        switch policy.order {
        case .none: return
        case .use, .write: chooseByState(policy, wanted, &victims)
        case .expiry: chooseByExpiry(&random, &victims)
        case .random: chooseAny(policy, &random, &victims)
        }
        for victim in victims { EntryTable.prefetch(victim.entry) }
    }

    private func mayGo(_ location: EntryTable.Location, isVolatile: Bool) -> Bool {
        (!isVolatile || location.entry.hasWord) && !isFrozen(location.entry)
    }

    // MARK: By state

    private func chooseByState(
        _ policy: EvictionPolicy,
        _ wanted: Int,
        _ victims: inout [EvictionVictim]
    ) {
        var order = evictionOrder ?? EvictionOrder()
        order.hasProbation = policy.order == .use
        if order.hasProbation { order.ghosts.fit(count, &arena) }
        let candidates = policy.candidateCount(in: self)
        let part = candidates * EvictionOrder.probationPercent / 100
        if !order.isHandsTurn() { popRing(&order, policy, wanted, downTo: part, &victims) }
        if victims.count < wanted { moveHand(&order, policy, wanted, &victims) }
        // All remaining keys may be on probation …
        if victims.isEmpty { popRing(&order, policy, wanted, downTo: 0, &victims) }
        // … or merely appear to be.
        if victims.isEmpty { order.isFirstLap = true }
        evictionOrder = order
    }

    /// Takes the oldest keys on probation while there are more than `part` of them.
    private func popRing(
        _ order: inout EvictionOrder,
        _ policy: EvictionPolicy,
        _ wanted: Int,
        downTo part: Int,
        _ victims: inout [EvictionVictim]
    ) {
        var tickets = InlineArray<16, UInt32>(repeating: 0)
        for _ in 0..<4 where victims.count < wanted {
            let taken = min(wanted - victims.count, order.ring.count - part)
            guard taken > 0 else { return }
            for index in 0..<taken {
                tickets[index] = order.ring.popFirst(&arena) ?? 0
                keys.prefetchBucket(ofTicket: tickets[index], arena)
            }
            for index in 0..<taken {
                guard let location = keys.probationer(tickets[index], arena) else { continue }
                // Marked, so that it is not chosen twice whatever happens to it.
                keys.setState(location, .cold)
                guard mayGo(location, isVolatile: policy.isVolatile) else { continue }
                victims.append(.init(entry: location.entry, wasOnProbation: true))
            }
        }
    }

    /// Moves the hand over buckets until enough keys are found: at most one lap, and at most
    /// `bucketsPassedMax` buckets.
    ///
    /// After many buckets without a cold key, it accepts warm ones, and finally hot ones.
    private func moveHand(
        _ order: inout EvictionOrder,
        _ policy: EvictionPolicy,
        _ wanted: Int,
        _ victims: inout [EvictionVictim]
    ) {
        let table = keys
        var limit = EntryState.cold
        var passed = 0
        var left = table.bucketTotal
        while passed < Shard.bucketsPassedMax, victims.count < wanted, left > 0 {
            if order.hand >= table.bucketTotal {
                order.hand = 0
                order.isFirstLap = false
            }
            if policy.isVolatile {
                let next = table.hintedBucket(from: order.hand, arena) ?? table.bucketTotal
                left -= next - order.hand
                order.hand = next
                guard next < table.bucketTotal, left > 0 else { continue }
            }
            table.passHand(
                over: order.hand,
                limit: limit,
                endsProbation: order.isFirstLap,
                arena
            ) { location in
                guard victims.count < wanted,
                    mayGo(location, isVolatile: policy.isVolatile),
                    !victims.contains(where: { $0.entry.cell.isSame(as: location.entry.cell) })
                else { return }
                victims.append(.init(entry: location.entry, wasOnProbation: false))
            }
            // Keys with an expiry may have left the bucket.
            if policy.isVolatile, victims.isEmpty { correctHint(order.hand) }
            order.hand += 1
            left -= 1
            passed += 1
            if passed % Shard.bucketsPassed == 0, victims.isEmpty {
                limit = limit == .cold ? .warm : .hot
            }
        }
    }

    // MARK: By expiry, and at random

    /// Takes the key that expires soonest among the segments sampled.
    private func chooseByExpiry(_ random: inout FastRandom, _ victims: inout [EvictionVictim]) {
        for _ in 0..<Shard.staleHintsMax {
            let found = keys.nearestBucket(samples: Shard.segmentSamples, arena, &random)
            guard let bucket = found else { break }
            let hint = keys.hint(UInt32(bucket), arena)
            correctHint(bucket)
            // The hint was too early, so keys of other buckets may expire sooner.
            guard keys.hint(UInt32(bucket), arena) == hint else { continue }
            guard let entry = nearest(inBucket: bucket) else { break }
            return victims.append(.init(entry: entry, wasOnProbation: false))
        }
        chooseHinted(&random, &victims) { nearest(inBucket: $0) }
    }

    /// The maximum number of outdated hints to skip: those of two segments, as splits leave hints
    /// that are too early in both buckets.
    private static let staleHintsMax = 128

    /// The key in a bucket that expires soonest, or nil if none may be evicted.
    private func nearest(inBucket bucket: Int) -> Entry? {
        var nearest: Entry?
        keys.forEach(inBucket: bucket, arena) { location in
            guard mayGo(location, isVolatile: true) else { return }
            let expiry = location.entry.expiry ?? .max
            if expiry < nearest?.expiry ?? .max { nearest = location.entry }
        }
        return nearest
    }

    private func correctHint(_ bucket: Int) {
        var earliest: Int64?
        keys.forEach(inBucket: bucket, arena) { location in
            guard let expiry = expiry(within: location.entry) else { return }
            earliest = min(earliest ?? expiry, expiry)
        }
        // SAFETY: the lock makes the caller the only user.
        unsafe state.pointee.keys.correctHint(bucket, to: earliest, state.pointee.arena)
    }

    private func chooseAny(
        _ policy: EvictionPolicy,
        _ random: inout FastRandom,
        _ victims: inout [EvictionVictim]
    ) {
        guard !policy.isVolatile else {
            return chooseHinted(&random, &victims) { bucket in
                var found: Entry?
                keys.forEach(inBucket: bucket, arena) { location in
                    if mayGo(location, isVolatile: true) { found = location.entry }
                }
                return found
            }
        }
        for _ in 0..<Shard.victimsMax {
            guard let slot = self.random(&random) else { return }
            guard mayGo(slot.location, isVolatile: false) else { continue }
            return victims.append(.init(entry: slot.entry, wasOnProbation: false))
        }
    }

    /// Takes what `body` finds in the first bucket with a hint in which it finds anything, starting
    /// at a random bucket.
    private func chooseHinted(
        _ random: inout FastRandom,
        _ victims: inout [EvictionVictim],
        _ body: (Int) -> Entry?
    ) {
        let total = keys.bucketTotal
        let start = random.below(total)
        for range in [start..<total, 0..<start] {
            var next = range.lowerBound
            while let bucket = keys.hintedBucket(from: next, arena), bucket < range.upperBound {
                if let entry = body(bucket) {
                    return victims.append(.init(entry: entry, wasOnProbation: false))
                }
                next = bucket + 1
            }
        }
    }

    private var evictionOrder: EvictionOrder? {
        // SAFETY: the lock makes the caller the only user.
        _read { yield unsafe state.pointee.evictionOrder }
        nonmutating _modify { yield unsafe &state.pointee.evictionOrder }
    }
}
