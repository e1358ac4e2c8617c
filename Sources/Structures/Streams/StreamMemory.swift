public import Primitives

/// The messages that producers have sent to a stream, for recognising duplicates.
///
/// ```text
/// the memory                                              a producer, named by its id
/// ┌──────────┬──────┬───────┬────────────┬───────────┐   ┌────────┬──────────┬─────────┬──────┐
/// │ duration │ most │ added │ duplicates │ producers │──▶│ name's │ messages │ oldest, │ name │
/// │ 4        │ 4    │ 8     │ 8          │ 4         │   │ place  │ by name  │ newest  │      │
/// └──────────┴──────┴───────┴────────────┴───────────┘   └────────┴──────────┴─────────┴──────┘
/// a message, named by the id that its producer gave
/// ┌────────┬──────────┬──────────┬───────┬──────┐
/// │ name's │ entry's  │ moment   │ newer │ name │
/// │ place  │ id       │          │       │      │
/// └────────┴──────────┴──────────┴───────┴──────┘
/// ```
///
/// ## Invariants
/// A producer has at least one message, and at most `countMax`; its list runs from the oldest to
/// the newest.
public struct StreamMemory: Sendable {
    /// How long messages are remembered by default, in seconds.
    public static let durationDefault = 100
    /// How many messages per producer are remembered by default.
    public static let countMaxDefault = 100
    /// The longest time that may be set, in seconds.
    public static let durationMax = 86_400
    /// The most messages per producer that may be set.
    public static let countMaxMax = 10_000
    static let byteCount = 28

    let handle: Handle
    private let cell: Cell

    init(_ handle: Handle, _ arena: borrowing Arena) {
        self.handle = handle
        cell = arena.cell(handle)
    }

    static func create(_ arena: inout Arena) -> StreamMemory {
        let memory = StreamMemory(arena.allocate(byteCount), arena)
        memory.cell.zero(0, byteCount)
        memory.duration = durationDefault
        memory.countMax = countMaxDefault
        return memory
    }

    /// How long messages are remembered, in seconds.
    public internal(set) var duration: Int {
        get { Int(cell.load(0, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 0) }
    }

    /// How many messages are remembered per producer.
    public internal(set) var countMax: Int {
        get { Int(cell.load(4, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 4) }
    }

    /// The number of messages ever recorded.
    public internal(set) var addedCount: Int64 {
        get { cell.load(8) }
        nonmutating set { cell.store(newValue, 8) }
    }

    /// The number of duplicates seen.
    public internal(set) var duplicateCount: Int64 {
        get { cell.load(16) }
        nonmutating set { cell.store(newValue, 16) }
    }

    private var producers: NameList {
        get { NameList(Handle(units: cell.load(24))) }
        nonmutating set { cell.store(newValue.handle.units, 24) }
    }

    /// The number of producers.
    public func producerCount(_ arena: borrowing Arena) -> Int { producers.count(arena) }

    /// The total number of messages of all producers.
    ///
    /// Complexity: O(producers).
    public func messageCount(_ arena: borrowing Arena) -> Int {
        var total = 0
        for index in 0..<producers.count(arena) {
            total += Producer(producers.block(index, arena), arena).messages.count(arena)
        }
        return total
    }

    // MARK: Messages

    /// The entry of message `name` of `producer`; nil if it is not remembered at `now`.
    func find(_ name: Bytes, of producer: Bytes, now: Int64, _ arena: inout Arena) -> StreamID? {
        guard let handle = producers.find(producer, arena) else { return nil }
        let block = Producer(handle, arena)
        while !block.oldest.isNone {
            let message = Message(block.oldest, arena)
            guard message.time &+ Int64(duration) &* 1_000 <= now else { break }
            forgetOldest(block, &arena)
        }
        if block.oldest.isNone {
            remove(producer, block, &arena)
            return nil
        }
        return block.messages.find(name, arena).map { Message($0, arena).id }
    }

    /// Records that message `name` of `producer`, which must be unknown, became entry `id`.
    func note(
        _ name: Bytes,
        of producer: Bytes,
        _ id: StreamID,
        now: Int64,
        _ arena: inout Arena
    ) {
        let block: Producer
        if let handle = producers.find(producer, arena) {
            block = Producer(handle, arena)
        } else {
            let handle = NameList.createBlock(producer, at: Producer.nameOffset, &arena)
            block = Producer(handle, arena)
            var producers = producers
            producers.insert(handle, &arena)
            self.producers = producers
        }
        let handle = NameList.createBlock(name, at: Message.nameOffset, &arena)
        let message = Message(handle, arena)
        message.id = id
        message.time = now
        var messages = block.messages
        messages.insert(handle, &arena)
        block.messages = messages
        if block.newest.isNone {
            block.oldest = handle
        } else {
            Message(block.newest, arena).newer = handle
        }
        block.newest = handle
        addedCount &+= 1
        while block.messages.count(arena) > countMax { forgetOldest(block, &arena) }
    }

    private func forgetOldest(_ block: Producer, _ arena: inout Arena) {
        let handle = block.oldest
        let message = Message(handle, arena)
        block.oldest = message.newer
        if block.oldest.isNone { block.newest = .none }
        var messages = block.messages
        _ = messages.remove(NameList.name(message.cell), &arena)
        block.messages = messages
        arena.free(handle)
    }

    private func remove(_ producer: Bytes, _ block: Producer, _ arena: inout Arena) {
        var producers = producers
        _ = producers.remove(producer, &arena)
        self.producers = producers
        arena.free(block.handle)
    }

    /// Forgets messages, freeing up to `budget` blocks; returns true once none is left.
    func clear(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        while budget > 0, producers.count(arena) > 0 {
            let last = producers.count(arena) - 1
            let block = Producer(producers.block(last, arena), arena)
            while budget > 0, !block.oldest.isNone {
                forgetOldest(block, &arena)
                budget -= 1
            }
            guard block.oldest.isNone else { break }
            var producers = producers
            producers.remove(at: last, &arena)
            self.producers = producers
            arena.free(block.handle)
            budget -= 1
        }
        return producers.count(arena) == 0
    }

    /// A remembered message and its producer.
    ///
    /// Valid until the memory changes.
    public struct Known {
        /// The name of the producer.
        public let producer: Bytes
        /// The name of the message.
        public let name: Bytes
        /// The entry that the message became.
        public let id: StreamID
        /// When the message was added.
        public let time: Int64
        let newer: Handle
    }

    /// The oldest message of the producer at `index`, in the order of names.
    public func oldest(ofProducer index: Int, _ arena: borrowing Arena) -> Known? {
        let block = Producer(producers.block(index, arena), arena)
        return known(block.oldest, NameList.name(block.cell), arena)
    }

    /// The same producer's next message, or nil.
    public func next(_ message: Known, _ arena: borrowing Arena) -> Known? {
        known(message.newer, message.producer, arena)
    }

    private func known(
        _ handle: Handle,
        _ producer: Bytes,
        _ arena: borrowing Arena
    ) -> Known? {
        guard !handle.isNone else { return nil }
        let message = Message(handle, arena)
        return Known(
            producer: producer,
            name: NameList.name(message.cell),
            id: message.id,
            time: message.time,
            newer: message.newer
        )
    }
}

/// The block of a producer.
private struct Producer {
    static let nameOffset = 20
    let handle: Handle
    let cell: Cell

    init(_ handle: Handle, _ arena: borrowing Arena) {
        self.handle = handle
        cell = arena.cell(handle)
    }

    var messages: NameList {
        get { NameList(Handle(units: cell.load(8))) }
        nonmutating set { cell.store(newValue.handle.units, 8) }
    }

    var oldest: Handle {
        get { Handle(units: cell.load(12)) }
        nonmutating set { cell.store(newValue.units, 12) }
    }

    var newest: Handle {
        get { Handle(units: cell.load(16)) }
        nonmutating set { cell.store(newValue.units, 16) }
    }
}

/// The block of a message.
private struct Message {
    static let nameOffset = 36
    let cell: Cell

    init(_ handle: Handle, _ arena: borrowing Arena) { cell = arena.cell(handle) }

    var id: StreamID {
        get { cell.load(8) }
        nonmutating set { cell.store(newValue, 8) }
    }

    var time: Int64 {
        get { cell.load(24) }
        nonmutating set { cell.store(newValue, 24) }
    }

    var newer: Handle {
        get { Handle(units: cell.load(32)) }
        nonmutating set { cell.store(newValue.units, 32) }
    }
}

extension Stream {
    /// The remembered messages; nil until the feature is first used.
    public func memory(_ arena: borrowing Arena) -> StreamMemory? {
        known.isNone ? nil : StreamMemory(known, arena)
    }

    private func makeMemory(_ arena: inout Arena) -> StreamMemory {
        if let memory = memory(arena) { return memory }
        let memory = StreamMemory.create(&arena)
        known = memory.handle
        return memory
    }

    /// The entry that message `name` of `producer` became, or nil if it is not remembered.
    ///
    /// If `counts` is true, counts the message as a duplicate.
    public func entry(
        ofMessage name: Bytes,
        of producer: Bytes,
        now: Int64,
        counts: Bool,
        _ arena: inout Arena
    ) -> StreamID? {
        guard let memory = memory(arena),
            let id = memory.find(name, of: producer, now: now, &arena)
        else { return nil }
        if counts { memory.duplicateCount &+= 1 }
        return id
    }

    /// Records that message `name` of `producer`, which must be unknown, became entry `id`.
    public func noteMessage(
        _ name: Bytes,
        of producer: Bytes,
        _ id: StreamID,
        now: Int64,
        _ arena: inout Arena
    ) {
        makeMemory(&arena).note(name, of: producer, id, now: now, &arena)
    }

    /// Sets how long and how many messages are remembered; a change forgets all messages.
    public func setMemory(duration: Int?, countMax: Int?, _ arena: inout Arena) {
        let memory = makeMemory(&arena)
        let (newDuration, newCount) = (duration ?? memory.duration, countMax ?? memory.countMax)
        guard newDuration != memory.duration || newCount != memory.countMax else { return }
        memory.duration = newDuration
        memory.countMax = newCount
        var budget = Int.max
        _ = memory.clear(&budget, &arena)
    }

    func destroyMemory(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        guard let memory = memory(arena) else { return true }
        guard memory.clear(&budget, &arena) else { return false }
        arena.free(memory.handle)
        known = .none
        budget -= 1
        return true
    }

    /// Takes over the settings and counters of another stream's memory.
    public func setMemory(like other: StreamMemory, _ arena: inout Arena) {
        let memory = makeMemory(&arena)
        memory.duration = other.duration
        memory.countMax = other.countMax
        memory.addedCount = other.addedCount
        memory.duplicateCount = other.duplicateCount
    }
}
