internal import Primitives
public import Store
internal import Structures

/// Writes the requests that make a key, at once or in slices.
///
/// They are in the dialect of Redis 7.0 where that can express the value. Expiries of fields, null
/// fields, and pending entries that no consumer owns have requests that only newer servers or only
/// this one know.
///
/// ```text
/// SET │ RPUSH … │ SADD … │ ZADD … │ HMSET … HSETNULL … HPEXPIREAT … │ XADD … XSETID     then
/// PEXPIREAT, if the key expires
/// ```
/// The value must not change until all of it was written.
public struct KeyRequests {
    /// What to write next.
    private enum Stage {
        case string
        /// The elements of a list or a sorted set, from an index on.
        case elements(from: Int)
        /// The members of a set, by cursor.
        case members(UInt64)
        /// The fields of a hash that have values, that are null, and that expire, by cursor.
        case fields(UInt64)
        case nulls(UInt64)
        case expiries(UInt64)
        case stream(StreamStage)
        case expiry
        case done
    }

    private var stage: Stage
    /// Whether the hash has null fields.
    private var hasNulls = false
    /// Entries of the stream that are pending but gone; see `StreamStage`.
    var standIns: [StreamID] = []

    /// How many elements are written between two readings of the budget.
    private static let stride = 32

    /// Begins with the value at `slot`.
    public init(_ slot: Shard.Slot) {
        switch slot.entry.kind {
        case .string: stage = .string
        case .list, .sortedSet: stage = .elements(from: 0)
        case .set: stage = .members(0)
        case .hash: stage = .fields(0)
        case .stream: stage = .stream(.standIns(group: 0, from: .zero))
        case .member: preconditionFailure("members are no keys")
        }
    }

    /// Writes more requests for the key at `slot`, until `budget` elements were written.
    ///
    /// Returns true once all were written.
    public mutating func writeSome(
        of slot: Shard.Slot,
        _ writer: inout RequestWriter,
        budget: Int
    ) -> Bool {
        var budget = budget
        defer { writer.endItems() }
        while budget > 0 {
            switch stage {
            case .string: writeString(slot, &writer)
            case .elements(let index): writeElements(from: index, slot, &writer, &budget)
            case .members(let cursor): writeMembers(cursor, slot, &writer, &budget)
            case .fields(let cursor): writeFields(cursor, slot, &writer, &budget)
            case .nulls(let cursor): writeNulls(cursor, slot, &writer, &budget)
            case .expiries(let cursor): writeExpiries(cursor, slot, &writer, &budget)
            case .stream(let part):
                stage = write(part, of: slot, &writer, &budget).map { .stream($0) } ?? .expiry
            case .expiry: writeExpiry(slot, &writer)
            case .done: return true
            }
        }
        if case .done = stage { return true }
        return false
    }

    // MARK: Keys

    private mutating func writeString(_ slot: Shard.Slot, _ writer: inout RequestWriter) {
        writer.begin("SET")
        writer.word(slot.entry.key)
        writer.word(StringValue.content(slot.entry))
        writer.end()
        stage = .expiry
        guard slot.entry.isItem else { return }
        let note = ItemNote.text(of: slot.entry.itemHead, slot.entry.key)
        writer.begin("PING")
        writer.word(note.bytes)
        writer.end()
    }

    private mutating func writeExpiry(_ slot: Shard.Slot, _ writer: inout RequestWriter) {
        writer.endItems()
        stage = .done
        guard let expiry = slot.entry.expiry else { return }
        writer.begin("PEXPIREAT")
        writer.word(slot.entry.key)
        writer.word(expiry)
        writer.end()
    }

    // MARK: Collections

    private mutating func writeElements(
        from index: Int,
        _ slot: Shard.Slot,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) {
        let key = slot.entry.key
        let count: Int
        if slot.entry.isKind(.list) {
            let list = ListValue(slot)
            count = list.count
            list.walk(from: index, limit: KeyRequests.stride) { element in
                writer.item("RPUSH", key)
                writer.word(element)
                return true
            }
        } else {
            let set = SortedSetValue(slot)
            count = set.count
            set.walk(from: index, limit: KeyRequests.stride) { member, score in
                writer.item("ZADD", key)
                writer.word(score: score)
                writer.word(member)
                return true
            }
        }
        budget -= KeyRequests.stride
        let next = index + KeyRequests.stride
        stage = next < count ? .elements(from: next) : .expiry
    }

    private mutating func writeMembers(
        _ cursor: UInt64,
        _ slot: Shard.Slot,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) {
        let next = SetContent(slot.entry, in: slot.shard).scan(cursor) { member in
            writer.item("SADD", slot.entry.key)
            writer.word(member)
            budget -= 1
        }
        budget -= 1
        stage = next == 0 ? .expiry : .members(next)
    }

    private mutating func writeFields(
        _ cursor: UInt64,
        _ slot: Shard.Slot,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) {
        var foundNull = false
        let next = HashValue(slot).scan(cursor, now: .min) { name, value in
            budget -= 1
            guard let value else {
                foundNull = true
                return
            }
            writer.item("HMSET", slot.entry.key)
            writer.word(name)
            writer.word(value)
        }
        if foundNull { hasNulls = true }
        budget -= 1
        guard next == 0 else {
            stage = .fields(next)
            return
        }
        writer.endItems()
        stage = hasNulls ? .nulls(0) : KeyRequests.stageAfterNulls(slot)
    }

    private static func stageAfterNulls(_ slot: Shard.Slot) -> Stage {
        HashValue(slot).earliestExpiry == nil ? .expiry : .expiries(0)
    }

    private mutating func writeNulls(
        _ cursor: UInt64,
        _ slot: Shard.Slot,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) {
        let next = HashValue(slot).scan(cursor, now: .min) { name, value in
            budget -= 1
            guard value == nil else { return }
            writer.item("HSETNULL", slot.entry.key)
            writer.word(name)
        }
        budget -= 1
        guard next == 0 else {
            stage = .nulls(next)
            return
        }
        writer.endItems()
        stage = KeyRequests.stageAfterNulls(slot)
    }

    private mutating func writeExpiries(
        _ cursor: UInt64,
        _ slot: Shard.Slot,
        _ writer: inout RequestWriter,
        _ budget: inout Int
    ) {
        let hash = HashValue(slot)
        let next = hash.scan(cursor, now: .min) { name, _ in
            budget -= 1
            guard let expiry = name.withBytes({ hash.find($0, now: .min)?.expiry }) else { return }
            writer.begin("HPEXPIREAT")
            writer.word(slot.entry.key)
            writer.word(expiry)
            writer.word("FIELDS")
            writer.word("1")
            writer.word(name)
            writer.end()
        }
        budget -= 1
        stage = next == 0 ? .expiry : .expiries(next)
    }
}
