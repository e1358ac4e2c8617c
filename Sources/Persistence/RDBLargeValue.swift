internal import Primitives
public import Store
internal import Structures

/// Writes a key with a large collection in slices.
///
/// ```text
/// init ─▶ expiry, type, key, count ─▶ writeSome ─▶ … ─▶ writeSome ─▶ true
///                                       └─ prepare ─▶ a change ─▶ note ─┘
/// ```
/// Until all of it has been written, the collection must not change, except as `prepare` allows.
public final class RDBLargeValue {
    /// What to write next.
    private enum Stage {
        case list
        case sortedSet
        case members
        /// A hash with expiries relative to the earliest, by cursor.
        case scanWithExpiries(UInt64, earliest: Int64)
        case stream(RDBWriter.StreamStage)
        case done
    }

    private var stage = Stage.done
    /// The walk over a list.
    private var elements: ListWalk?
    /// The walk over a set, a sorted set, or a hash without expiries.
    private var members: MemberWalk?
    /// What follows the entries of a stream, if it was written early.
    private var streamEnd: [UInt8]?
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
            let list = ListValue(slot)
            writer.length(list.count)
            elements = ListWalk(list)
            stage = .list
        case .sortedSet:
            writer.length(SortedSetValue(slot).count)
            members = MemberWalk(slot)
            stage = .sortedSet
        case .set:
            writer.length(SetContent(slot.entry, in: slot.shard).count)
            members = MemberWalk(slot)
            stage = .members
        case .hash:
            let hash = HashValue(slot)
            if let earliest = hash.earliestExpiry {
                writer.fixed(earliest)
                stage = .scanWithExpiries(0, earliest: earliest)
            } else {
                members = MemberWalk(slot)
                stage = .members
            }
            writer.length(hash.count)
        case .stream:
            let last = StreamValue(slot).lastID
            stage = .stream(.countPacks(from: .zero, RDBWriter.PackCut(), to: last))
        case .string, .member: preconditionFailure("a large value is a collection")
        }
    }

    /// Writes more of the value, whose key is now at `slot`, until `budget` elements have been
    /// written.
    ///
    /// Returns true once all of it has been written.
    public func writeSome(
        of slot: Shard.Slot,
        _ writer: inout RDBWriter,
        budget: Int
    ) -> Bool {
        var budget = budget
        while budget > 0 {
            switch stage {
            case .list:
                elements?.write(ListValue(slot), &writer, limit: RDBLargeValue.stride)
                budget -= RDBLargeValue.stride
                if elements?.isThrough ?? true { stage = .done }
            case .sortedSet:
                members?.writeSorted(slot, &writer, limit: RDBLargeValue.stride)
                budget -= RDBLargeValue.stride
                if members?.isThrough ?? true { stage = .done }
            case .members: writeRegion(slot, &writer, &budget)
            case .scanWithExpiries(let cursor, let earliest):
                stage = scan(cursor, earliest: earliest, slot, &writer, &budget)
            case .stream(let part): writeStream(part, slot, &writer, &budget)
            case .done: return true
            }
        }
        if case .done = stage { return true }
        return false
    }

    private func writeRegion(
        _ slot: Shard.Slot,
        _ writer: inout RDBWriter,
        _ budget: inout Int
    ) {
        members?.writeRegion(slot) { entry in
            write(entry, &writer)
            budget -= 1
        }
        budget -= 1
        guard members?.isThrough ?? true else { return }
        nulls.write(to: &writer)
        stage = .done
    }

    /// Writes a member of a set, sorted set or hash.
    private func write(_ entry: Entry, _ writer: inout RDBWriter) {
        guard entry.isKind(.member) else {
            return writer.pair(.bytes(entry.key), HashValue.content(entry), &nulls)
        }
        writer.string(entry.key)
        if case .sortedSet = stage { writer.score(entry.score) }
    }

    private func scan(
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

    private func writeStream(
        _ part: RDBWriter.StreamStage,
        _ slot: Shard.Slot,
        _ writer: inout RDBWriter,
        _ budget: inout Int
    ) {
        if case .counters = part, let streamEnd {
            streamEnd.withBytes { writer.buffer.append($0) }
            stage = .done
            return
        }
        let next = writer.write(part, of: StreamValue(slot), &budget)
        stage = next.map { .stream($0) } ?? .done
    }

    // MARK: Changes meanwhile

    /// How many members may be prepared for a change.
    private static let changeMax = 256

    /// Prepares for a change of the value, whose key is now at `slot`: writes what it affects.
    ///
    /// Returns false if the change must wait until all of the value has been written.
    public func prepare(
        for change: PartialChange,
        of slot: Shard.Slot,
        _ writer: inout RDBWriter
    ) -> Bool {
        if case .done = stage { return true }
        switch change {
        case .expiry: return true
        case .ends(let first, let last, _):
            return elements?.prepareRemoval(first: first, last: last, ListValue(slot), &writer)
                ?? false
        case .additions:
            guard case .stream(let part) = stage else { return false }
            return writeStreamEnd(part, StreamValue(slot), &writer)
        case .members(let names):
            guard members != nil, names.count <= RDBLargeValue.changeMax else { return false }
            for name in names {
                members?.writeEarly(name, slot) { write($0, &writer) }
            }
            return true
        case .extremes(let lowest, let highest):
            guard case .sortedSet = stage, lowest + highest <= RDBLargeValue.changeMax else {
                return false
            }
            let set = SortedSetValue(slot)
            for (limit, isReversed) in [(lowest, false), (highest, true)] where limit > 0 {
                let start = isReversed ? set.count - 1 : 0
                set.walk(from: start, limit: limit, reversed: isReversed) { name, _ in
                    members?.writeEarly(name, slot) { write($0, &writer) }
                    return true
                }
            }
            return true
        }
    }

    /// How many consumers and pending entries of a stream may be written before a change.
    private static let pendingMax = 4096

    /// Writes the counters and groups of a stream: early, to follow the entries, or what remains.
    private func writeStreamEnd(
        _ part: RDBWriter.StreamStage,
        _ stream: StreamValue,
        _ writer: inout RDBWriter
    ) -> Bool {
        guard streamEnd == nil else { return true }
        var count = 0
        for index in 0..<stream.groupCount where count <= RDBLargeValue.pendingMax {
            let group = stream.group(at: index)
            count += 1 + stream.consumerCount(group) + group.pending.count
        }
        guard count <= RDBLargeValue.pendingMax else { return false }
        var budget = Int.max
        var isEarly = false
        var next: RDBWriter.StreamStage? = part
        switch part {
        case .begin, .countPacks, .pack: (isEarly, next) = (true, .counters)
        case .counters, .group, .pending, .consumer, .pendingOf: break
        }
        let start = writer.buffer.count
        while let part = next { next = writer.write(part, of: stream, &budget) }
        guard isEarly else {
            stage = .done
            return true
        }
        streamEnd = writer.buffer.bytes.dropFirst(start).array
        writer.buffer.truncate(to: start)
        return true
    }

    /// Notes that a change has been made that shrank the collection by `removed` elements.
    public func note(_ change: PartialChange, removed: Int) {
        guard case .ends(_, let last, let addsFirst) = change else { return }
        if removed > 0 {
            elements?.shift(by: removed - min(last, removed))
        } else if addsFirst {
            elements?.shift(by: removed)
        }
    }
}
