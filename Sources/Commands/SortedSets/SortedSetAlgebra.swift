internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Operations on several sorted sets: union, intersection, difference.
public enum SortedSetAlgebra {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("ZUNION", arity: -3, [.readonly, .movableKeys], keys: [.counted(1, [.ro, .access])], group: .sortedSet, since: "6.2.0", complexity: "O(N)+O(M*log(M)) with N members in all sets and M in the result", syntax: "numkeys:i @key... [WEIGHTS weight:i...] [AGGREGATE aggregate=<SUM | MIN | MAX | COUNT>] [WITHSCORES]", summary: "Returns the members of any of several sorted sets, with their combined scores.", union),
        DataCommand("ZUNIONSTORE", arity: -4, [.write, .denyOOM, .movableKeys], keys: [.one(1, [.ow, .update]), .counted(2, [.ro, .access])], propagation: .verbatim, group: .sortedSet, since: "2.0.0", complexity: "O(N)+O(M*log(M)) with N members in all sets and M in the result", syntax: "@destination numkeys:i @key... [WEIGHTS weight:i...] [AGGREGATE aggregate=<SUM | MIN | MAX | COUNT>]", summary: "Stores the members of any of several sorted sets, with their combined scores.", unionStore),
        DataCommand("ZINTER", arity: -3, [.readonly, .movableKeys], keys: [.counted(1, [.ro, .access])], group: .sortedSet, since: "6.2.0", complexity: "O(N*K)+O(M*log(M)) with N members in the smallest of K sets and M in the result", syntax: "numkeys:i @key... [WEIGHTS weight:i...] [AGGREGATE aggregate=<SUM | MIN | MAX | COUNT>] [WITHSCORES]", summary: "Returns the common members of several sorted sets, with their combined scores.", intersection),
        DataCommand("ZINTERSTORE", arity: -4, [.write, .denyOOM, .movableKeys], keys: [.one(1, [.ow, .update]), .counted(2, [.ro, .access])], propagation: .verbatim, group: .sortedSet, since: "2.0.0", complexity: "O(N*K)+O(M*log(M)) with N members in the smallest of K sets and M in the result", syntax: "@destination numkeys:i @key... [WEIGHTS weight:i...] [AGGREGATE aggregate=<SUM | MIN | MAX | COUNT>]", summary: "Stores the common members of several sorted sets, with their combined scores.", intersectionStore),
        DataCommand("ZINTERCARD", arity: -3, [.readonly, .movableKeys], keys: [.counted(1, [.ro, .access])], group: .sortedSet, since: "7.0.0", complexity: "O(N*K) with N members in the smallest of K sets", syntax: "numkeys:i @key... [LIMIT limit:i]", summary: "Counts the common members of several sorted sets.", intersectionCount),
        DataCommand("ZDIFF", arity: -3, [.readonly, .movableKeys], keys: [.counted(1, [.ro, .access])], group: .sortedSet, since: "6.2.0", complexity: "O(N*K)+O(M*log(M)) with N members in the first of K sets and M in the result", syntax: "numkeys:i @key... [WITHSCORES]", summary: "Returns the members of the first sorted set that are in no other.", difference),
        DataCommand("ZDIFFSTORE", arity: -4, [.write, .denyOOM, .movableKeys], keys: [.one(1, [.ow, .update]), .counted(2, [.ro, .access])], propagation: .verbatim, group: .sortedSet, since: "6.2.0", complexity: "O(N*K)+O(M*log(M)) with N members in the first of K sets and M in the result", syntax: "@destination numkeys:i @key...", summary: "Stores the members of the first sorted set that are in no other.", differenceStore),
    ]
}

extension SortedSetAlgebra {
    /// `ZUNION numkeys key [key …] [WEIGHTS weight …] [AGGREGATE how] [WITHSCORES]`: the members.
    static func union(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyMembers(.union, arguments, &context) }

    /// `ZUNIONSTORE destination numkeys key [key …] [WEIGHTS weight …] [AGGREGATE how]`: the number
    /// of members stored.
    static func unionStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try store(.union, arguments, &context) }

    /// `ZINTER numkeys key [key …] [WEIGHTS weight …] [AGGREGATE how] [WITHSCORES]`: the members.
    static func intersection(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyMembers(.intersection, arguments, &context) }

    /// `ZINTERSTORE destination numkeys key [key …] [WEIGHTS weight …] [AGGREGATE how]`: the number
    /// of members stored.
    static func intersectionStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try store(.intersection, arguments, &context) }

    /// `ZINTERCARD numkeys key [key …] [LIMIT limit]`: the number of members.
    static func intersectionCount(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = try SortedSetAlgebraRequest(
            arguments,
            from: 1,
            .intersection,
            .counted,
            &context
        )
        context.reply.integer(request.intersectionCount())
    }

    /// `ZDIFF numkeys key [key …] [WITHSCORES]`: the members.
    static func difference(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyMembers(.difference, arguments, &context) }

    /// `ZDIFFSTORE destination numkeys key [key …]`: the number of members stored.
    static func differenceStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try store(.difference, arguments, &context) }

    private static func combine(
        _ operation: SortedSetSource.Operation,
        _ request: SortedSetAlgebraRequest,
        in shard: Shard
    ) -> OrderedTable {
        switch operation {
        case .union: request.union(in: shard)
        case .intersection: request.intersection(in: shard)
        case .difference: request.difference(in: shard)
        }
    }

    private static func replyMembers(
        _ operation: SortedSetSource.Operation,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = try SortedSetAlgebraRequest(
            arguments,
            from: 1,
            operation,
            .told,
            &context
        )
        // Build the result in the memory of the first key's shard, whose partition is locked.
        let shard = context.shard(context.key(arguments[2]))
        var table = combine(operation, request, in: shard)
        let isNested = request.withScores && context.reply.isRESP3
        context.reply.array(request.withScores && !isNested ? table.count * 2 : table.count)
        table.walk(from: 0, limit: .max, reversed: false, shard.arena) { member, score in
            if isNested { context.reply.array(2) }
            context.reply.bulk(member)
            if request.withScores { context.reply.double(score) }
            return true
        }
        SortedSetValue.destroy(&table, in: shard)
    }

    private static func store(
        _ operation: SortedSetSource.Operation,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = try SortedSetAlgebraRequest(
            arguments,
            from: 2,
            operation,
            .stored,
            &context
        )
        let target = context.key(arguments[1])
        var table = combine(operation, request, in: context.shard(target))
        let count = SortedSetRanges.store(&table, target, operation.event, &context)
        // Redis 7.0 has no AGGREGATE COUNT.
        if request.aggregate == .count { SortedSetRanges.logStored(target, &context) }
        context.reply.integer(count)
    }
}

extension SortedSetSource.Operation {
    /// The event at the key where the result is stored.
    fileprivate var event: KeyEvent {
        switch self {
        case .union: .zUnionStore
        case .intersection: .zInterStore
        case .difference: .zDiffStore
        }
    }
}
