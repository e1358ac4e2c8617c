internal import Primitives
public import Store
internal import Structures

/// Writes a key with a large collection in slices.
///
/// ```text
/// begin ─▶ expiry, type, key, count ─▶ writeSome ─▶ … ─▶ writeSome ─▶ true
/// ```
/// The collection must not change until all of it has been written.
public struct RDBLargeValue {
    /// What to write next.
    private enum Stage {
        /// The elements of a list or a sorted set, from an index on.
        case elements(from: Int)
        /// The members of a set or the fields of a hash, by cursor.
        case scan(UInt64)
        /// A hash with expiries relative to the earliest.
        case scanWithExpiries(UInt64, earliest: Int64)
        case stream(RDBWriter.StreamStage)
        case done
    }

    private var stage = Stage.done
    /// The null fields written so far.
    private var nulls = RDBWriter.NullFields()

    /// The maximum number of elements of a collection that is written at once.
    private static let elementsMax = 1024
    /// The maximum number of groups of a stream to examine.
    private static let groupsMax = 64
    /// How many elements to write between two checks of the budget.
    private static let stride = 32

    /// Whether the value at `slot` is too large to be written at once.
    public static func isLarge(_ slot: Shard.Slot) -> Bool {
        switch slot.entry.kind {
        case .string, .member: return false
        case .list: return ListValue(slot).count > elementsMax
        case .set:
            let set = SetContent(slot.entry, in: slot.shard)
            return set.encoding == .table && set.count > elementsMax
        case .hash:
            let hash = HashValue(slot)
            return hash.encoding == .table && hash.count > elementsMax
        case .sortedSet:
            let set = SortedSetValue(slot)
            return set.encoding == .table && set.count > elementsMax
        case .stream:
            let stream = StreamValue(slot)
            guard stream.count <= elementsMax, stream.groupCount <= groupsMax else { return true }
            return (0..<stream.groupCount).contains {
                stream.group(at: $0).pending.count > elementsMax
            }
        }
    }

    /// Writes everything of the key at `slot` that precedes its elements.
    ///
    /// Precondition: `isLarge`.
    public init(_ slot: Shard.Slot, _ writer: inout RDBWriter) {
        writer.head(of: slot)
        switch slot.entry.kind {
        case .list:
            writer.length(ListValue(slot).count)
            stage = .elements(from: 0)
        case .sortedSet:
            writer.length(SortedSetValue(slot).count)
            stage = .elements(from: 0)
        case .set:
            writer.length(SetContent(slot.entry, in: slot.shard).count)
            stage = .scan(0)
        case .hash:
            let hash = HashValue(slot)
            let earliest = hash.earliestExpiry
            if let earliest { writer.fixed(earliest) }
            writer.length(hash.count)
            stage = earliest.map { .scanWithExpiries(0, earliest: $0) } ?? .scan(0)
        case .stream: stage = .stream(.begin)
        case .string, .member: preconditionFailure("a large value is a collection")
        }
    }

    /// Writes more of the value, whose key is now at `slot`, until `budget` elements have been
    /// written.
    ///
    /// Returns true once all of it has been written.
    public mutating func writeSome(
        of slot: Shard.Slot,
        _ writer: inout RDBWriter,
        budget: Int
    ) -> Bool {
        var budget = budget
        while budget > 0 {
            switch stage {
            case .elements(let index): stage = writeElements(from: index, slot, &writer, &budget)
            case .scan(let cursor): stage = scan(cursor, slot, &writer, &budget)
            case .scanWithExpiries(let cursor, let earliest):
                stage = scan(cursor, earliest: earliest, slot, &writer, &budget)
            case .stream(let part):
                let next = writer.write(part, of: StreamValue(slot), &budget)
                stage = next.map { .stream($0) } ?? .done
            case .done: return true
            }
        }
        if case .done = stage { return true }
        return false
    }

    private func writeElements(
        from index: Int,
        _ slot: Shard.Slot,
        _ writer: inout RDBWriter,
        _ budget: inout Int
    ) -> Stage {
        let count: Int
        if slot.entry.isKind(.list) {
            let list = ListValue(slot)
            count = list.count
            list.walk(from: index, limit: RDBLargeValue.stride) { item in
                writer.string(item)
                return true
            }
        } else {
            let set = SortedSetValue(slot)
            count = set.count
            set.walk(from: index, limit: RDBLargeValue.stride) { member, score in
                writer.string(member)
                writer.score(score)
                return true
            }
        }
        budget -= RDBLargeValue.stride
        let next = index + RDBLargeValue.stride
        return next < count ? .elements(from: next) : .done
    }

    private mutating func scan(
        _ cursor: UInt64,
        _ slot: Shard.Slot,
        _ writer: inout RDBWriter,
        _ budget: inout Int
    ) -> Stage {
        let next: UInt64
        if slot.entry.isKind(.set) {
            next = SetContent(slot.entry, in: slot.shard).scan(cursor) { member in
                writer.string(member)
                budget -= 1
            }
        } else {
            next = HashValue(slot).scan(cursor, now: .min) { name, value in
                writer.pair(name, value, &nulls)
                budget -= 1
            }
        }
        budget -= 1
        guard next == 0 else { return .scan(next) }
        nulls.write(to: &writer)
        return .done
    }

    private mutating func scan(
        _ cursor: UInt64,
        earliest: Int64,
        _ slot: Shard.Slot,
        _ writer: inout RDBWriter,
        _ budget: inout Int
    ) -> Stage {
        let hash = HashValue(slot)
        let next = hash.scan(cursor, now: .min) { name, value in
            let expiry = name.withBytes { hash.find($0, now: .min)?.expiry }
            writer.length(expiry.map { UInt64($0 - earliest + 1) } ?? 0)
            writer.pair(name, value, &nulls)
            budget -= 1
        }
        budget -= 1
        guard next == 0 else { return .scanWithExpiries(next, earliest: earliest) }
        nulls.write(to: &writer)
        return .done
    }
}
