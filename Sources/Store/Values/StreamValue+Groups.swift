public import Primitives
public import Structures

/// A stream's groups: reading for them, claiming, acknowledging.
extension StreamValue {
    /// The number of groups.
    public var groupCount: Int { stream.groupCount(shard.arena) }

    /// The group at `index` in the order of the names.
    public func group(at index: Int) -> StreamGroup { stream.group(at: index, shard.arena) }

    /// The group with `name`, or nil.
    public func group(_ name: Bytes) -> StreamGroup? { stream.group(name, shard.arena) }

    /// How many entries a group has still to read; nil when there is no telling.
    public func lag(_ group: StreamGroup) -> Int64? { stream.lag(group) }

    /// The number of a group's consumers.
    public func consumerCount(_ group: StreamGroup) -> Int { group.consumers.count(shard.arena) }

    /// The consumer of a group at `index` in the order of the names.
    public func consumer(_ group: StreamGroup, at index: Int) -> StreamConsumer {
        group.consumer(at: index, shard.arena)
    }

    /// The consumer of a group with `name`, or nil.
    public func consumer(_ group: StreamGroup, _ name: Bytes) -> StreamConsumer? {
        group.consumer(name, shard.arena)
    }

    /// A pending entry's consumer's name; empty when it has none.
    public func consumerName(_ entry: PendingEntry) -> Bytes {
        entry.consumerName(shard.arena)
    }

    /// The pending entry `id` of a group, or nil.
    public func pendingEntry(_ group: StreamGroup, _ id: StreamID) -> PendingEntry? {
        group.pendingEntry(id, shard.arena)
    }

    /// Calls `body` with the pending entries of a group from `lower` to `upper`, or those of one
    /// consumer, until it says false.
    ///
    /// `body` must not add or remove any.
    public func walkPending(
        _ group: StreamGroup,
        of consumer: StreamConsumer? = nil,
        _ lower: StreamID,
        _ upper: StreamID,
        _ body: (PendingEntry) -> Bool
    ) {
        group.walkPending(of: consumer, lower, upper, shard.arena, body)
    }

    /// The first pending entry of a group from `lower` on, or nil.
    public func firstPending(_ group: StreamGroup, from lower: StreamID) -> PendingEntry? {
        var found: PendingEntry?
        walkPending(group, lower, .max) {
            found = $0
            return false
        }
        return found
    }

    /// The least and the greatest id of a group's pending entries; nil when it has none.
    public func pendingEdges(_ group: StreamGroup) -> (first: StreamID, last: StreamID)? {
        let tree = group.pending
        guard let first = tree.first(shard.arena), let last = tree.last(shard.arena) else {
            return nil
        }
        return (tree.id(first, shard.arena), tree.id(last, shard.arena))
    }

    // MARK: Groups and consumers

    /// Adds a group whose name is not there.
    public func createGroup(_ name: Bytes, lastID: StreamID, readCount: Int64) {
        shard.willEdit(slot)
        _ = stream.createGroup(name, lastID: lastID, readCount: readCount, &shard.arena)
    }

    /// Removes the group with `name`; whether it was there.
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

    /// Raises a group's last id, without a look at what lies between.
    public func raise(_ group: StreamGroup, to id: StreamID) {
        guard id > group.lastID else { return }
        shard.willEdit(slot)
        group.lastID = id
    }

    /// Adds a consumer to a group where it is not there.
    public func makeConsumer(_ group: StreamGroup, _ name: Bytes, now: Int64) -> StreamConsumer {
        shard.willEdit(slot)
        return group.makeConsumer(name, now: now, &shard.arena)
    }

    /// Removes up to `limit` pending entries of a consumer, and the consumer with the last of them;
    /// returns their number, and whether the consumer is gone.
    ///
    /// Nil when there is no such consumer.
    public func removeConsumer(
        _ group: StreamGroup,
        _ name: Bytes,
        limit: Int
    ) -> (removed: Int, isGone: Bool)? {
        shard.willEdit(slot)
        return group.removeConsumer(name, limit: limit, &shard.arena)
    }

    /// Notes that a consumer tried something and, where `isActive`, got something.
    public func note(_ consumer: StreamConsumer, now: Int64, isActive: Bool) {
        shard.willEdit(slot)
        consumer.seen = now
        if isActive { consumer.active = now }
    }

    // MARK: Pending entries

    /// Notes that the entry `id`, the next one of the stream, is handed to a consumer of a group;
    /// with `isPending` it must be acknowledged.
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
    /// The moment to note for a delivery at `now`.
    public func moment(_ group: StreamGroup, _ now: Int64) -> Int64 {
        group.moment(now, shard.arena)
    }

    /// Gives a pending entry to a consumer, delivered at `time`.
    public func give(
        _ entry: PendingEntry,
        _ group: StreamGroup,
        to consumer: StreamConsumer,
        time: Int64
    ) {
        shard.willEdit(slot)
        group.give(entry, to: consumer, time: time, &shard.arena)
    }

    /// Adds a pending entry that is not there, of a consumer or (nil) of none.
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

    /// Sets how often and when a pending entry was delivered last.
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

    /// Takes a pending entry from its consumer, to be claimed by whoever comes first.
    public func release(_ entry: PendingEntry, _ group: StreamGroup) {
        shard.willEdit(slot)
        group.release(entry, &shard.arena)
    }

    /// Takes a pending entry away.
    public func removePending(_ entry: PendingEntry, _ group: StreamGroup) {
        shard.willEdit(slot)
        group.remove(entry, &shard.arena)
    }

    /// The pending entry of a group that was delivered first, or nil.
    public func oldestPending(_ group: StreamGroup) -> PendingEntry? {
        group.oldestEntry(shard.arena)
    }

    // MARK: References

    /// Whether a group has still to read or to acknowledge the entry `id`.
    public func isReferenced(_ id: StreamID) -> Bool { stream.isReferenced(id, shard.arena) }

    /// Takes the pending entries of the entry `id` away in all groups.
    public func removeReferences(_ id: StreamID) {
        shard.willEdit(slot)
        stream.removeReferences(id, &shard.arena)
    }
}
