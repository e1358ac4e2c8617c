internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Sorted sets by interval: reading, storing, counting and removing ranges.
public enum SortedSetRanges {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("ZRANGE", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "1.2.0", complexity: "O(log(N)+M) with M members returned", syntax: "@key start stop sortby=[BYSCORE | BYLEX] [REV] limit=[LIMIT offset:i count:i] [WITHSCORES]", summary: "Returns the members between two ranks, scores or members.", range),
        DataCommand("ZRANGESTORE", arity: -5, [.write, .denyOOM], keys: [.one(1, [.ow, .update]), .one(2, [.ro, .access])], propagation: .verbatim, group: .sortedSet, since: "6.2.0", complexity: "O(log(N)+M) with M members stored", syntax: "@dst @src min max sortby=[BYSCORE | BYLEX] [REV] limit=[LIMIT offset:i count:i]", summary: "Stores the members between two ranks, scores or members at another key.", rangeStore),
        DataCommand("ZREVRANGE", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "1.2.0", complexity: "O(log(N)+M) with M members returned", syntax: "@key start:i stop:i [WITHSCORES]", summary: "Returns the members between two ranks, counted from the highest score.", deprecated: Deprecation(since: "6.2.0", by: "`ZRANGE` with the `REV` argument"), rangeReversed),
        DataCommand("ZRANGEBYSCORE", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "1.0.5", complexity: "O(log(N)+M) with M members returned", syntax: "@key min:d max:d [WITHSCORES] limit=[LIMIT offset:i count:i]", summary: "Returns the members between two scores, in ascending order.", deprecated: Deprecation(since: "6.2.0", by: "`ZRANGE` with the `BYSCORE` argument"), rangeByScore),
        DataCommand("ZREVRANGEBYSCORE", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "2.2.0", complexity: "O(log(N)+M) with M members returned", syntax: "@key max:d min:d [WITHSCORES] limit=[LIMIT offset:i count:i]", summary: "Returns the members between two scores, in descending order.", deprecated: Deprecation(since: "6.2.0", by: "`ZRANGE` with the `REV` and `BYSCORE` arguments"), rangeByScoreReversed),
        DataCommand("ZRANGEBYLEX", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "2.8.9", complexity: "O(log(N)+M) with M members returned", syntax: "@key min max limit=[LIMIT offset:i count:i]", summary: "Returns the members between two members, in ascending order, if all scores are equal.", deprecated: Deprecation(since: "6.2.0", by: "`ZRANGE` with the `BYLEX` argument"), rangeByMember),
        DataCommand("ZREVRANGEBYLEX", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "2.8.9", complexity: "O(log(N)+M) with M members returned", syntax: "@key max min limit=[LIMIT offset:i count:i]", summary: "Returns the members between two members, in descending order, if all scores are equal.", deprecated: Deprecation(since: "6.2.0", by: "`ZRANGE` with the `REV` and `BYLEX` arguments"), rangeByMemberReversed),
        DataCommand("ZCOUNT", arity: 4, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "2.0.0", complexity: "O(log(N))", syntax: "@key min:d max:d", summary: "Counts the members between two scores.", countByScore),
        DataCommand("ZLEXCOUNT", arity: 4, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "2.8.9", complexity: "O(log(N))", syntax: "@key min max", summary: "Counts the members between two members, if all scores are equal.", countByMember),
        DataCommand("ZREMRANGEBYRANK", arity: 4, [.write], keys: [.one(1, [.rw, .delete])], propagation: .verbatim, group: .sortedSet, since: "2.0.0", complexity: "O(log(N)*M) with M members removed", syntax: "@key start:i stop:i", summary: "Removes the members between two ranks.", waiting: removeByRank),
        DataCommand("ZREMRANGEBYSCORE", arity: 4, [.write], keys: [.one(1, [.rw, .delete])], propagation: .verbatim, group: .sortedSet, since: "1.2.0", complexity: "O(log(N)*M) with M members removed", syntax: "@key min:d max:d", summary: "Removes the members between two scores.", waiting: removeByScore),
        DataCommand("ZREMRANGEBYLEX", arity: 4, [.write], keys: [.one(1, [.rw, .delete])], propagation: .verbatim, group: .sortedSet, since: "2.8.9", complexity: "O(log(N)*M) with M members removed", syntax: "@key min max", summary: "Removes the members between two members, if all scores are equal.", waiting: removeByMember),
    ]
}

extension SortedSetRanges {
    /// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`: the
    /// members, with their scores if requested.
    static func range(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyRange(arguments, nil, isReversed: nil, &context) }

    /// `ZREVRANGE key start stop [WITHSCORES]`: as ZRANGE with REV.
    static func rangeReversed(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyRange(arguments, .rank, isReversed: true, &context) }

    /// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`: as ZRANGE with BYSCORE.
    static func rangeByScore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyRange(arguments, .score, isReversed: false, &context) }

    /// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`: ZRANGE with BYSCORE REV.
    static func rangeByScoreReversed(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyRange(arguments, .score, isReversed: true, &context) }

    /// `ZRANGEBYLEX key min max [LIMIT offset count]`: as ZRANGE with BYLEX.
    static func rangeByMember(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyRange(arguments, .member, isReversed: false, &context) }

    /// `ZREVRANGEBYLEX key max min [LIMIT offset count]`: as ZRANGE with BYLEX REV.
    static func rangeByMemberReversed(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyRange(arguments, .member, isReversed: true, &context) }

    private static func replyRange(
        _ arguments: Arguments,
        _ kind: SortedSetInterval.Kind?,
        isReversed: Bool?,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let query = try SortedSetRangeQuery(
            arguments,
            from: 2,
            kind: kind,
            isReversed: isReversed
        )
        guard let slot = try context.read(context.firstKey(arguments), .sortedSet) else {
            return context.reply.array(0)
        }
        let set = SortedSetValue(slot)
        let (first, count) = query.extent(in: set)
        let withScores = query.withScores
        let isNested = withScores && context.reply.isRESP3
        context.reply.array(withScores && !isNested ? count * 2 : count)
        set.walk(from: first, limit: count, reversed: query.isReversed) { member, score in
            if isNested { context.reply.array(2) }
            context.reply.bulk(member)
            if withScores { context.reply.double(score) }
            return true
        }
    }

    /// `ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`: the number of
    /// members stored.
    static func rangeStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let query = try SortedSetRangeQuery(
            arguments,
            from: 3,
            kind: nil,
            isReversed: nil,
            isStored: true
        )
        let target = context.key(arguments[1])
        let shard = context.shard(target)
        var table = OrderedTable()
        if let slot = try context.read(context.key(arguments[2]), .sortedSet) {
            let set = SortedSetValue(slot)
            let (first, count) = query.extent(in: set)
            set.walk(from: first, limit: count, reversed: query.isReversed) { member, score in
                table.insert(member, shard.hash(member), score, &shard.arena)
                return true
            }
        }
        context.reply.integer(store(&table, target, .zRangeStore, &context))
    }

    /// Stores the members of `table`, which is in the target's shard, at `target`, replacing it.
    ///
    /// Without members, removes the key. Reports `changes` changes and the event `event`. Returns
    /// the number of members.
    static func store(
        _ table: inout OrderedTable,
        _ target: Key,
        _ event: KeyEvent,
        _ context: inout CommandContext,
        changes: Int = 1
    ) -> Int {
        let count = table.count
        let shard = context.shard(target)
        let old = context.find(target)
        if let old { shard.remove(old) }
        guard count > 0 else {
            if old != nil { context.changed(target, .del) }
            return 0
        }
        SortedSetValue.create(
            target,
            takingOver: &table,
            context.limits.encoding,
            in: shard
        )
        context.changed(target, event, by: changes)
        return count
    }

    /// The number of members per record of `logStored`, so that records do not get too long.
    private static let membersLogged = 256

    /// Logs the sorted set stored at `target`, if there is one.
    ///
    /// For sources that an older server does not have, or evaluates differently.
    static func logStored(_ target: Key, _ context: inout CommandContext) {
        guard context.logs, context.effects.areDirty else { return }
        context.log("DEL", target)
        guard let slot = context.shard(target).find(target) else { return }
        let set = SortedSetValue(slot)
        for start in stride(from: 0, to: set.count, by: membersLogged) {
            context.log("ZADD") { record in
                record.word(target.bytes)
                set.walk(from: start, limit: membersLogged) { member, score in
                    record.word(score: score)
                    record.word(member)
                    return true
                }
            }
        }
    }

    // MARK: Counting

    /// `ZCOUNT key min max`: the number of members.
    static func countByScore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try count(.score, arguments, &context) }

    /// `ZLEXCOUNT key min max`: the number of members.
    static func countByMember(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try count(.member, arguments, &context) }

    private static func count(
        _ kind: SortedSetInterval.Kind,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let interval = try SortedSetInterval(kind, arguments, lower: 2, upper: 3)
        let slot = try context.read(context.firstKey(arguments), .sortedSet)
        context.reply.integer(slot.map { interval.ranks(in: SortedSetValue($0)).count } ?? 0)
    }

    // MARK: Removing

    /// `ZREMRANGEBYRANK key start stop`: the number of members removed.
    static func removeByRank(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome { try remove(.rank, arguments, &context) }

    /// `ZREMRANGEBYSCORE key min max`: the number of members removed.
    static func removeByScore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome { try remove(.score, arguments, &context) }

    /// `ZREMRANGEBYLEX key min max`: the number of members removed.
    static func removeByMember(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome { try remove(.member, arguments, &context) }

    private static func remove(
        _ kind: SortedSetInterval.Kind,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let interval = try SortedSetInterval(kind, arguments, lower: 2, upper: 3)
        let key = context.firstKey(arguments)
        guard let slot = try context.find(key, .sortedSet) else {
            context.reply.integer(0)
            return .done
        }
        let set = SortedSetValue(slot)
        let ranks = context.work?.rest ?? interval.ranks(in: set)
        let now = ranks.prefix(context.slice / removalCost)
        set.remove(now)
        if now.count < ranks.count {
            let rest = now.lowerBound..<ranks.upperBound - now.count
            return context.goOn(now.count, rest: rest, key, slot)
        }
        let removed = (context.work?.done ?? 0) + now.count
        context.changed(key, kind.removalEvent, by: removed)
        if set.removeIfEmpty() { context.notify(key, .del) }
        context.reply.integer(removed)
        return .done
    }

    /// The cost of removing a member, in elements visited.
    private static let removalCost = 3
}

extension SortedSetInterval.Kind {
    /// The event when members of an interval are removed.
    fileprivate var removalEvent: KeyEvent {
        switch self {
        case .rank: .zRemRangeByRank
        case .score: .zRemRangeByScore
        case .member: .zRemRangeByLex
        }
    }
}
