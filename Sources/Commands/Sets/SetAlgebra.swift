internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Operations on several sets: union, intersection, difference.
public enum SetAlgebra {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("SINTER", arity: -2, [.readonly], keys: [.rest(1, [.ro, .access])], group: .set, since: "1.0.0", complexity: "O(N*K) with N members in the smallest of K sets", syntax: "@key...", summary: "Returns the common members of several sets.", tips: ["nondeterministic_output_order"], intersection),
        DataCommand("SINTERSTORE", arity: -3, [.write, .denyOOM], keys: [.one(1, [.ow, .update]), .rest(2, [.ro, .access])], propagation: .verbatim, group: .set, since: "1.0.0", complexity: "O(N*K) with N members in the smallest of K sets", syntax: "@destination @key...", summary: "Stores the common members of several sets.", intersectionStore),
        DataCommand("SINTERCARD", arity: -3, [.readonly, .movableKeys], keys: [.counted(1, [.ro, .access])], group: .set, since: "7.0.0", complexity: "O(N*K) with N members in the smallest of K sets", syntax: "numkeys:i @key... [LIMIT limit:i]", summary: "Counts the common members of several sets.", intersectionCount),
        DataCommand("SUNION", arity: -2, [.readonly], keys: [.rest(1, [.ro, .access])], group: .set, since: "1.0.0", complexity: "O(N) with N members in all sets", syntax: "@key...", summary: "Returns the members of any of several sets.", tips: ["nondeterministic_output_order"], union),
        DataCommand("SUNIONSTORE", arity: -3, [.write, .denyOOM], keys: [.one(1, [.ow, .update]), .rest(2, [.ro, .access])], propagation: .verbatim, group: .set, since: "1.0.0", complexity: "O(N) with N members in all sets", syntax: "@destination @key...", summary: "Stores the members of any of several sets.", unionStore),
        DataCommand("SUNIONCARD", arity: -3, [.readonly, .movableKeys], keys: [.counted(1, [.ro, .access])], group: .set, since: "8.10.0", complexity: "O(N) with N members in all sets", syntax: "numkeys:i @key... [APPROX] [LIMIT limit:i]", summary: "Counts the members of any of several sets.", unionCount),
        DataCommand("SDIFF", arity: -2, [.readonly], keys: [.rest(1, [.ro, .access])], group: .set, since: "1.0.0", complexity: "O(N*K) with N members in the first of K sets", syntax: "@key...", summary: "Returns the members of the first set that are in no other.", tips: ["nondeterministic_output_order"], difference),
        DataCommand("SDIFFSTORE", arity: -3, [.write, .denyOOM], keys: [.one(1, [.ow, .update]), .rest(2, [.ro, .access])], propagation: .verbatim, group: .set, since: "1.0.0", complexity: "O(N*K) with N members in the first of K sets", syntax: "@destination @key...", summary: "Stores the members of the first set that are in no other.", differenceStore),
        DataCommand("SDIFFCARD", arity: -3, [.readonly, .movableKeys], keys: [.counted(1, [.ro, .access])], group: .set, since: "8.10.0", complexity: "O(N*K) with N members in the first of K sets", syntax: "numkeys:i @key... [LIMIT limit:i]", summary: "Counts the members of the first set that are in no other.", differenceCount),
    ]
}

extension SetAlgebra {
    /// `SINTER key [key …]`: the members.
    static func intersection(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyMembers(.intersection, arguments, &context) }

    /// `SINTERSTORE destination key [key …]`: the number of members stored.
    static func intersectionStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try store(.intersection, arguments, &context) }

    /// `SINTERCARD numkeys key [key …] [LIMIT limit]`: the number of members.
    static func intersectionCount(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try count(.intersection, arguments, &context) }

    /// `SUNION key [key …]`: the members.
    static func union(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyMembers(.union, arguments, &context) }

    /// `SUNIONSTORE destination key [key …]`: the number of members stored.
    static func unionStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try store(.union, arguments, &context) }

    /// `SUNIONCARD numkeys key [key …] [APPROX] [LIMIT limit]`: the number of members.
    ///
    /// It is exact even with APPROX.
    static func unionCount(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try count(.union, arguments, &context) }

    /// `SDIFF key [key …]`: the members.
    static func difference(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyMembers(.difference, arguments, &context) }

    /// `SDIFFSTORE destination key [key …]`: the number of members stored.
    static func differenceStore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try store(.difference, arguments, &context) }

    /// `SDIFFCARD numkeys key [key …] [LIMIT limit]`: the number of members.
    static func differenceCount(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try count(.difference, arguments, &context) }

    // MARK: Using the result

    private static func replyMembers(
        _ operation: SetCombination.Operation,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let sets = try sources(operation, arguments, 1..<arguments.count, &context)
        if sets.count == 1 { return context.reply.set(sets[0]) }
        let mark = context.reply.mark()
        var found = 0
        let shard = firstShard(arguments, 1, context)
        SetCombination(operation, sets).forEach(in: shard) { member, _ in
            found += 1
            context.reply.bulk(member)
            return true
        }
        context.reply.set(found, at: mark)
    }

    private static func store(
        _ operation: SetCombination.Operation,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let sets = try sources(operation, arguments, 2..<arguments.count, &context)
        let target = context.firstKey(arguments)
        let shard = context.shard(target)
        let limits = context.limits.encoding
        var result = SetContent.create(first: nil, count: 0, limits, in: shard)
        SetCombination(operation, sets).forEach(in: shard) { member, hash in
            _ = result.add(member, hash ?? member.withText { shard.hash($0) }, limits) {}
            return true
        }
        // Only now, as the target may be one of the sources.
        let old = context.find(target)
        if let old { shard.remove(old) }
        let count = result.count
        if count > 0 {
            _ = SetValue(target, takingOver: result, in: shard)
            context.changed(target, operation.event)
        } else {
            result.destroy()
            if old != nil { context.changed(target, .del) }
        }
        context.reply.integer(count)
    }

    private static func count(
        _ operation: SetCombination.Operation,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let keyCount = try arguments.integer(1, in: 1...Int64.max, or: .keyCount)
        guard keyCount <= arguments.count - 2 else {
            throw .sortedSet(.keysMissing)
        }
        let limit = try limit(operation, arguments, from: 2 + keyCount)
        let sets = try sources(operation, arguments, 2..<2 + keyCount, &context)
        if sets.count == 1 { return context.reply.integer(min(sets[0].count, limit)) }
        var found = 0
        SetCombination(operation, sets).forEach(in: firstShard(arguments, 2, context)) { _, _ in
            found += 1
            return found < limit
        }
        context.reply.integer(found)
    }

    // MARK: Reading the request

    private static func limit(
        _ operation: SetCombination.Operation,
        _ arguments: Arguments,
        from start: Int
    ) throws(CommandError) -> Int {
        var limit = 0
        var index = start
        while index < arguments.count {
            if arguments[index].isWord("LIMIT"), index + 1 < arguments.count {
                let error = CommandError.negativeLimit
                limit = try arguments.integer(index + 1, in: 0...Int64.max, or: error)
                index += 2
            } else if operation == .union, arguments[index].isWord("APPROX") {
                index += 1
            } else {
                throw .syntax
            }
        }
        return limit == 0 ? .max : limit
    }

    /// The sets at the keys in `range`.
    ///
    /// Empty sets are dropped unless they make the result empty: in an intersection, or as the
    /// first set of a difference.
    private static func sources(
        _ operation: SetCombination.Operation,
        _ arguments: Arguments,
        _ range: Range<Int>,
        _ context: inout CommandContext
    ) throws(CommandError) -> [SetContent] {
        var sets: [SetContent] = []
        sets.reserveCapacity(range.count)
        var isEmpty = false
        for index in range {
            guard let slot = try context.read(context.key(arguments[index]), .set) else {
                switch operation {
                case .union: break
                case .intersection: isEmpty = true
                case .difference: isEmpty = isEmpty || index == range.lowerBound
                }
                continue
            }
            sets.append(SetContent(slot.entry, in: slot.shard))
        }
        return isEmpty ? [] : sets
    }

    /// The shard of the key at word `index`, whose partition is locked.
    private static func firstShard(
        _ arguments: Arguments,
        _ index: Int,
        _ context: borrowing CommandContext
    ) -> Shard {
        context.shard(context.key(arguments[index]))
    }
}

extension SetCombination.Operation {
    /// The event at the key where the result is stored.
    fileprivate var event: KeyEvent {
        switch self {
        case .intersection: .sInterStore
        case .union: .sUnionStore
        case .difference: .sDiffStore
        }
    }
}
