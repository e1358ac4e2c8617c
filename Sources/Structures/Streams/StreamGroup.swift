public import Primitives

/// A consumer group: how far it has read, and which entries are pending.
///
/// ```text
/// 0        8      24       32           44         48      52      56        60
/// ┌────────┬──────┬────────┬────────────┬──────────┬───────┬───────┬─────────┬──────┐
/// │ name's │ last │ read   │ pending by │ consumers│ oldest│ newest│ last    │ name │
/// │ place  │ id   │ (or -1)│ id         │          │ pending entry │ released│      │
/// └────────┴──────┴────────┴────────────┴──────────┴───────┴───────┴─────────┴──────┘
/// ```
/// A pending entry is one block, indexed by the group's tree and by its consumer's tree, and linked
/// into a list ordered by time of delivery.
///
/// ## Invariants
/// The consumers' trees together hold exactly the group's pending entries that have a consumer. The
/// list runs from the earliest delivery to the latest; released entries come first.
public struct StreamGroup: Sendable {
    static let nameOffset = 60

    let handle: Handle
    let cell: Cell

    init(_ handle: Handle, _ arena: borrowing Arena) {
        self.handle = handle
        cell = arena.cell(handle)
    }

    /// The name.
    public var name: Bytes { NameList.name(cell) }

    /// The id of the last entry delivered.
    public var lastID: StreamID {
        get { cell.load(8) }
        nonmutating set { cell.store(newValue, 8) }
    }

    /// How many of all entries ever added were delivered; -1 if unknown.
    public var readCount: Int64 {
        get { cell.load(24) }
        nonmutating set { cell.store(newValue, 24) }
    }

    /// The pending entries.
    public internal(set) var pending: IDTree {
        get { cell.load(32) }
        nonmutating set { cell.store(newValue, 32) }
    }

    /// The consumers.
    public internal(set) var consumers: NameList {
        get { NameList(Handle(units: cell.load(44))) }
        nonmutating set { cell.store(newValue.handle.units, 44) }
    }

    private var oldest: Handle {
        get { Handle(units: cell.load(48)) }
        nonmutating set { cell.store(newValue.units, 48) }
    }

    private var newest: Handle {
        get { Handle(units: cell.load(52)) }
        nonmutating set { cell.store(newValue.units, 52) }
    }

    private var lastReleased: Handle {
        get { Handle(units: cell.load(56)) }
        nonmutating set { cell.store(newValue.units, 56) }
    }

    // MARK: Consumers

    /// The consumer at `index`, in the order of names.
    public func consumer(at index: Int, _ arena: borrowing Arena) -> StreamConsumer {
        StreamConsumer(consumers.block(index, arena), arena)
    }

    /// The consumer named `name`, or nil.
    public func consumer(_ name: Bytes, _ arena: borrowing Arena) -> StreamConsumer? {
        consumers.find(name, arena).map { StreamConsumer($0, arena) }
    }

    /// The consumer named `name`, created if necessary.
    public func makeConsumer(_ name: Bytes, now: Int64, _ arena: inout Arena) -> StreamConsumer {
        if let consumer = consumer(name, arena) { return consumer }
        let handle = NameList.createBlock(name, at: StreamConsumer.nameOffset, &arena)
        let consumer = StreamConsumer(handle, arena)
        consumer.seen = now
        consumer.active = -1
        consumer.pending = IDTree()
        var consumers = consumers
        consumers.insert(handle, &arena)
        self.consumers = consumers
        return consumer
    }

    /// Removes up to `limit` pending entries of the consumer `name`, then the empty consumer.
    ///
    /// Returns the number of entries removed and whether the consumer is gone, or nil if there is
    /// no such consumer.
    public func removeConsumer(
        _ name: Bytes,
        limit: Int,
        _ arena: inout Arena
    ) -> (removed: Int, isGone: Bool)? {
        guard let consumer = consumer(name, arena) else { return nil }
        var removed = 0
        while let spot = consumer.pending.last(arena) {
            guard removed < limit else { return (removed, false) }
            let entry = PendingEntry(consumer.pending.handle(spot, arena), arena)
            remove(entry, &arena)
            removed += 1
        }
        var consumers = consumers
        _ = consumers.remove(name, &arena)
        self.consumers = consumers
        arena.free(consumer.handle)
        return (removed, true)
    }

    // MARK: Pending entries

    /// The pending entry `id`, or nil.
    public func pendingEntry(_ id: StreamID, _ arena: borrowing Arena) -> PendingEntry? {
        pending.find(id, arena).map { PendingEntry($0, arena) }
    }

    /// The pending entry delivered first, or nil.
    public func oldestEntry(_ arena: borrowing Arena) -> PendingEntry? {
        oldest.isNone ? nil : PendingEntry(oldest, arena)
    }

    /// The pending entry delivered next after `entry`, or nil.
    public func entryAfter(_ entry: PendingEntry, _ arena: borrowing Arena) -> PendingEntry? {
        entry.newer.isNone ? nil : PendingEntry(entry.newer, arena)
    }

    /// Calls `body` with the pending entries from `lower` to `upper`, until it returns false.
    ///
    /// If `consumer` is given, only that consumer's. `body` must not add or remove any.
    public func walkPending(
        of consumer: StreamConsumer?,
        _ lower: StreamID,
        _ upper: StreamID,
        _ arena: borrowing Arena,
        _ body: (PendingEntry) -> Bool
    ) {
        let tree = consumer?.pending ?? pending
        var spot = tree.seek(lower, arena)
        while let here = spot {
            let entry = PendingEntry(tree.handle(here, arena), arena)
            guard entry.id <= upper, body(entry) else { return }
            spot = tree.next(here, arena)
        }
    }

    /// Adds a pending entry for `id`, which has none, owned by a consumer or (nil) by nobody.
    @discardableResult
    public func add(
        _ id: StreamID,
        of consumer: StreamConsumer?,
        time: Int64,
        deliveries: Int64,
        _ arena: inout Arena
    ) -> PendingEntry {
        let handle = arena.allocate(PendingEntry.byteCount)
        let entry = PendingEntry(handle, arena)
        entry.cell.store(id, 0)
        entry.time = time
        entry.deliveries = deliveries
        entry.consumer = consumer?.handle ?? .none
        var pending = pending
        pending.insert(id, handle, &arena)
        self.pending = pending
        if let consumer {
            var own = consumer.pending
            own.insert(id, handle, &arena)
            consumer.pending = own
        }
        link(entry, isReleased: consumer == nil, arena)
        return entry
    }

    /// The time to record for a delivery at `now`.
    ///
    /// Workers read the clock once per batch, so their clocks may differ by a few milliseconds; if
    /// `now` is before the last delivery, that delivery's time is used.
    public func moment(_ now: Int64, _ arena: borrowing Arena) -> Int64 {
        guard !newest.isNone else { return now }
        let last = PendingEntry(newest, arena).time
        return last > now && last &- now < 1_000 ? last : now
    }

    /// Removes a pending entry.
    public func remove(_ entry: PendingEntry, _ arena: inout Arena) {
        disown(entry, &arena)
        unlink(entry, arena)
        var pending = pending
        pending.remove(entry.id, &arena)
        self.pending = pending
        arena.free(entry.handle)
    }

    /// Assigns a pending entry to a consumer, delivered at `time`.
    public func give(
        _ entry: PendingEntry,
        to consumer: StreamConsumer,
        time: Int64,
        _ arena: inout Arena
    ) {
        if entry.consumer != consumer.handle {
            disown(entry, &arena)
            var own = consumer.pending
            own.insert(entry.id, entry.handle, &arena)
            consumer.pending = own
            entry.consumer = consumer.handle
        }
        setTime(entry, time, arena)
    }

    /// Takes a pending entry from its consumer, so that anyone may claim it.
    public func release(_ entry: PendingEntry, _ arena: inout Arena) {
        disown(entry, &arena)
        unlink(entry, arena)
        entry.time = 0
        link(entry, isReleased: true, arena)
    }

    /// Sets the delivery time of an entry.
    public func setTime(_ entry: PendingEntry, _ time: Int64, _ arena: borrowing Arena) {
        unlink(entry, arena)
        entry.time = time
        link(entry, isReleased: false, arena)
    }

    private func disown(_ entry: PendingEntry, _ arena: inout Arena) {
        guard !entry.consumer.isNone else { return }
        let consumer = StreamConsumer(entry.consumer, arena)
        var own = consumer.pending
        own.remove(entry.id, &arena)
        consumer.pending = own
        entry.consumer = .none
    }

    // MARK: The list by delivery

    private func link(_ entry: PendingEntry, isReleased: Bool, _ arena: borrowing Arena) {
        let older = isReleased ? lastReleased : lastBefore(entry.time, arena)
        if isReleased { lastReleased = entry.handle }
        let newer = older.isNone ? oldest : PendingEntry(older, arena).newer
        join(older, entry.handle, arena)
        join(entry.handle, newer, arena)
    }

    /// Links two entries; none stands for an end of the list.
    private func join(_ older: Handle, _ newer: Handle, _ arena: borrowing Arena) {
        if older.isNone { oldest = newer } else { PendingEntry(older, arena).newer = newer }
        if newer.isNone { newest = older } else { PendingEntry(newer, arena).older = older }
    }

    /// The last entry delivered at or before `time`, searched for from the nearer end.
    private func lastBefore(_ time: Int64, _ arena: borrowing Arena) -> Handle {
        guard !newest.isNone else { return .none }
        let last = PendingEntry(newest, arena).time
        if last <= time { return newest }
        let first = PendingEntry(oldest, arena).time
        if time < first, lastReleased.isNone { return .none }
        if time &- first < last &- time {
            var before = lastReleased
            var here = before.isNone ? oldest : PendingEntry(before, arena).newer
            while !here.isNone, PendingEntry(here, arena).time <= time {
                before = here
                here = PendingEntry(here, arena).newer
            }
            return before
        }
        var here = newest
        while !here.isNone, here != lastReleased, PendingEntry(here, arena).time > time {
            here = PendingEntry(here, arena).older
        }
        return here
    }

    private func unlink(_ entry: PendingEntry, _ arena: borrowing Arena) {
        let (older, newer) = (entry.older, entry.newer)
        join(older, newer, arena)
        if entry.handle == lastReleased { lastReleased = older }
    }

    /// Whether the trees and the list hold the same entries, in order; for tests.
    func isValid(_ arena: borrowing Arena) -> Bool {
        guard pending.isValid(arena), consumers.isValid(arena) else { return false }
        var owned = 0
        for index in 0..<consumers.count(arena) {
            let consumer = consumer(at: index, arena)
            guard consumer.pending.isValid(arena) else { return false }
            var isOwn = true
            walkPending(of: consumer, .zero, .max, arena) { entry in
                isOwn = entry.consumer == consumer.handle
                return isOwn
            }
            guard isOwn else { return false }
            owned += consumer.pending.count
        }
        var listed = 0
        var free = 0
        var before = Handle.none
        var here = oldest
        while !here.isNone {
            let entry = PendingEntry(here, arena)
            guard entry.older == before, pending.find(entry.id, arena) == here else {
                return false
            }
            if !before.isNone, PendingEntry(before, arena).time > entry.time { return false }
            listed += 1
            free += entry.hasConsumer ? 0 : 1
            before = here
            here = entry.newer
        }
        return before == newest && listed == pending.count && owned + free == listed
    }

    // MARK: Whole groups

    /// Frees up to `budget` blocks; returns true once only the group's own block is left.
    func destroySome(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        var pending = pending
        while budget > 0, let handle = pending.removeLast(&arena) {
            arena.free(handle)
            budget -= 1
        }
        self.pending = pending
        guard pending.count == 0 else { return false }
        var consumers = consumers
        while budget > 0, consumers.count(arena) > 0 {
            let last = consumers.count(arena) - 1
            let consumer = StreamConsumer(consumers.block(last, arena), arena)
            var own = consumer.pending
            while budget > 0, own.removeLast(&arena) != nil { budget -= 1 }
            consumer.pending = own
            guard own.count == 0 else { break }
            consumers.remove(at: last, &arena)
            arena.free(consumer.handle)
            budget -= 1
        }
        self.consumers = consumers
        return consumers.count(arena) == 0
    }

    /// The approximate size of all blocks in bytes.
    func byteCount(_ arena: borrowing Arena) -> Int {
        let entrySize = SizeClasses.byteCount(SizeClasses.index(PendingEntry.byteCount))
        let entries = pending.count * entrySize
        let names = consumers.count(arena) * (4 + 64)
        return arena.capacity(handle) + entries + pending.nodeByteCount * 2 + names
    }
}
