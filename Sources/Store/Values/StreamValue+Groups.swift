public import Primitives
public import Structures

/// The groups of a stream: reading, claiming, acknowledging.
extension StreamValue {
    /// The number of groups.
    public var groupCount: Int { stream.groupCount(shard.arena) }

    /// The group at `index`, in the order of names.
    public func group(at index: Int) -> StreamGroup { stream.group(at: index, shard.arena) }

    /// The group named `name`, or nil.
    public func group(_ name: Bytes) -> StreamGroup? { stream.group(name, shard.arena) }

    /// The number of entries that a group has yet to read; nil if unknown.
    public func lag(_ group: StreamGroup) -> Int64? { stream.lag(group) }

    /// How many entries were ever added up to the entry `id`; nil if that cannot be told.
    public func distance(to id: StreamID) -> Int64? { stream.distance(to: id) }

    /// The number of consumers in a group.
    public func consumerCount(_ group: StreamGroup) -> Int { group.consumers.count(shard.arena) }

    /// The consumer of a group at `index`, in the order of names.
    public func consumer(_ group: StreamGroup, at index: Int) -> StreamConsumer {
        group.consumer(at: index, shard.arena)
    }

    /// The consumer of a group named `name`, or nil.
    public func consumer(_ group: StreamGroup, _ name: Bytes) -> StreamConsumer? {
        group.consumer(name, shard.arena)
    }

    /// The name of a pending entry's consumer; empty if it has none.
    public func consumerName(_ entry: PendingEntry) -> Bytes {
        entry.consumerName(shard.arena)
    }

    /// The pending entry `id` of a group, or nil.
    public func pendingEntry(_ group: StreamGroup, _ id: StreamID) -> PendingEntry? {
        group.pendingEntry(id, shard.arena)
    }

    /// Calls `body` with a group's pending entries from `lower` to `upper`, until it returns false.
    ///
    /// If `consumer` is given, only that consumer's. `body` must not add or remove any.
    public func walkPending(
        _ group: StreamGroup,
        of consumer: StreamConsumer? = nil,
        _ lower: StreamID,
        _ upper: StreamID,
        _ body: (PendingEntry) -> Bool
    ) {
        group.walkPending(of: consumer, lower, upper, shard.arena, body)
    }

    /// The first pending entry of a group at or after `lower`, or nil.
    public func firstPending(_ group: StreamGroup, from lower: StreamID) -> PendingEntry? {
        var found: PendingEntry?
        walkPending(group, lower, .max) {
            found = $0
            return false
        }
        return found
    }

    /// The least and the greatest id of a group's pending entries; nil if it has none.
    public func pendingEdges(_ group: StreamGroup) -> (first: StreamID, last: StreamID)? {
        let tree = group.pending
        guard let first = tree.first(shard.arena), let last = tree.last(shard.arena) else {
            return nil
        }
        return (tree.id(first, shard.arena), tree.id(last, shard.arena))
    }

    // MARK: Groups and consumers

    /// Adds a group; its name must not be taken.
    public func createGroup(_ name: Bytes, lastID: StreamID, readCount: Int64) {
        shard.willEdit(slot)
        _ = stream.createGroup(name, lastID: lastID, readCount: readCount, &shard.arena)
    }

    /// Removes the group named `name`; returns whether it existed.
    public func removeGroup(_ name: Bytes) -> Bool {
        guard group(name) != nil else { return false }
        shard.willEdit(slot)
        guard let husk = stream.splitOff(name, &shard.arena) else { return false }
        shard.retire(.stream, 0, husk.root)
        return true
    }

    /// Sets how far a group has read.
    public func setProgress(_ group: StreamGroup, lastID: StreamID, readCount: Int64) {
        shard.willEdit(slot)
        stream.setProgress(group, lastID: lastID, readCount: readCount)
    }

    /// Raises a group's last id, ignoring the entries in between.
    public func raise(_ group: StreamGroup, to id: StreamID) {
        guard id > group.lastID else { return }
        shard.willEdit(slot)
        group.lastID = id
    }

    /// The consumer named `name` of a group, created if necessary.
    public func makeConsumer(_ group: StreamGroup, _ name: Bytes, now: Int64) -> StreamConsumer {
        shard.willEdit(slot)
        return group.makeConsumer(name, now: now, &shard.arena)
    }

    /// Removes up to `limit` pending entries of a consumer, then the empty consumer.
    ///
    /// Returns the number of entries removed and whether the consumer is gone, or nil if there is
    /// no such consumer.
    public func removeConsumer(
        _ group: StreamGroup,
        _ name: Bytes,
        limit: Int
    ) -> (removed: Int, isGone: Bool)? {
        shard.willEdit(slot)
        return group.removeConsumer(name, limit: limit, &shard.arena)
    }

    /// Records that a consumer tried something and, if `isActive`, got something.
    public func note(_ consumer: StreamConsumer, now: Int64, isActive: Bool) {
        shard.willEdit(slot)
        consumer.seen = now
        if isActive { consumer.active = now }
    }

    // MARK: Pending entries

    /// Delivers the stream's next entry, `id`, to a consumer of a group.
    ///
    /// If `isPending`, it must be acknowledged.
    public func deliver(
        _ id: StreamID,
        _ group: StreamGroup,
        to consumer: StreamConsumer,
        now: Int64,
        isPending: Bool
    ) {
        shard.willEdit(slot)
        stream.advance(group, to: id)
        guard isPending else { return }
        let time = group.moment(now, shard.arena)
        if let entry = group.pendingEntry(id, shard.arena) {
            group.give(entry, to: consumer, time: time, &shard.arena)
            entry.deliveries = 1
        } else {
            group.add(id, of: consumer, time: time, deliveries: 1, &shard.arena)
        }
    }
    /// The time to record for a delivery at `now`.
    public func moment(_ group: StreamGroup, _ now: Int64) -> Int64 {
        group.moment(now, shard.arena)
    }

    /// Assigns a pending entry to a consumer, delivered at `time`.
    public func give(
        _ entry: PendingEntry,
        _ group: StreamGroup,
        to consumer: StreamConsumer,
        time: Int64
    ) {
        shard.willEdit(slot)
        group.give(entry, to: consumer, time: time, &shard.arena)
    }

    /// Adds a pending entry for `id`, which has none, owned by a consumer or (nil) by nobody.
    public func addPending(
        _ id: StreamID,
        _ group: StreamGroup,
        of consumer: StreamConsumer?,
        time: Int64,
        deliveries: Int64
    ) -> PendingEntry {
        shard.willEdit(slot)
        return group.add(id, of: consumer, time: time, deliveries: deliveries, &shard.arena)
    }

    /// Sets how often, and when, a pending entry was last delivered.
    public func setDelivery(
        _ entry: PendingEntry,
        _ group: StreamGroup,
        time: Int64,
        deliveries: Int64
    ) {
        shard.willEdit(slot)
        if time != entry.time { group.setTime(entry, time, shard.arena) }
        entry.deliveries = deliveries
    }

    /// Takes a pending entry from its consumer, so that anyone may claim it.
    public func release(_ entry: PendingEntry, _ group: StreamGroup) {
        shard.willEdit(slot)
        group.release(entry, &shard.arena)
    }

    /// Removes a pending entry.
    public func removePending(_ entry: PendingEntry, _ group: StreamGroup) {
        shard.willEdit(slot)
        group.remove(entry, &shard.arena)
    }

    /// The pending entry of a group that was delivered first, or nil.
    public func oldestPending(_ group: StreamGroup) -> PendingEntry? {
        group.oldestEntry(shard.arena)
    }

    // MARK: References

    /// Whether some group has yet to read or acknowledge the entry `id`.
    public func isReferenced(_ id: StreamID) -> Bool { stream.isReferenced(id, shard.arena) }

    /// Removes the pending entries for `id` from all groups.
    public func removeReferences(_ id: StreamID) {
        shard.willEdit(slot)
        stream.removeReferences(id, &shard.arena)
    }
}
