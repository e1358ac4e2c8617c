internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Popping members of sorted sets, blocking until there are some.
public enum BlockingSortedSetCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("BZPOPMIN", arity: -3, [.write, .blocking, .fast], keys: [KeySpec(.index(1), .range(last: -2, step: 1, limit: 0), [.rw, .access, .delete])], propagation: .own, group: .sortedSet, since: "5.0.0", complexity: "O(log(N))", syntax: "@key... timeout:d", summary: "Removes and returns the member with the lowest score of the first sorted set that is not empty; blocks until there is one.", blocking: popLeast),
        DataCommand("BZPOPMAX", arity: -3, [.write, .blocking, .fast], keys: [KeySpec(.index(1), .range(last: -2, step: 1, limit: 0), [.rw, .access, .delete])], propagation: .own, group: .sortedSet, since: "5.0.0", complexity: "O(log(N))", syntax: "@key... timeout:d", summary: "Removes and returns the member with the highest score of the first sorted set that is not empty; blocks until there is one.", blocking: popGreatest),
        DataCommand("BZMPOP", arity: -5, [.write, .blocking, .movableKeys], keys: [.counted(2, [.rw, .access, .delete])], propagation: .own, group: .sortedSet, since: "7.0.0", complexity: "O(K)+O(M*log(N)) with K keys and M members returned", syntax: "timeout:d numkeys:i @key... where=(MIN | MAX) [COUNT count:i]", summary: "Removes and returns members of the first sorted set that is not empty; blocks until there is one.", blocking: popMany),
    ]
}

extension BlockingSortedSetCommands {
    /// `BZPOPMIN key [key …] timeout`: the key, its member with the lowest score, and the score;
    /// null on timeout.
    private static let popLeast = BlockingHandler(
        kind: .sortedSet,
        run: { arguments, context throws(CommandError) in
            try pop(arguments, fromTop: false, &context)
        },
        serve: { _, key, context throws(CommandError) in try pop(key, fromTop: false, &context) }
    )

    /// `BZPOPMAX key [key …] timeout`: the key, its member with the highest score, and the score;
    /// null on timeout.
    private static let popGreatest = BlockingHandler(
        kind: .sortedSet,
        run: { arguments, context throws(CommandError) in
            try pop(arguments, fromTop: true, &context)
        },
        serve: { _, key, context throws(CommandError) in try pop(key, fromTop: true, &context) }
    )

    private static func pop(
        _ arguments: Arguments,
        fromTop: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let last = arguments.count - 1
        let deadline = try context.deadline(seconds: arguments[last])
        if !context.waitsInLine {
            for index in 1..<last
            where try pop(context.key(arguments[index]), fromTop: fromTop, &context) {
                return .done
            }
        }
        return context.waitForValue(until: deadline)
    }

    private static func pop(
        _ key: Key,
        fromTop: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        guard let slot = try context.find(key, .sortedSet) else { return false }
        context.reply.array(3)
        context.reply.bulk(key.bytes)
        let set = SortedSetValue(slot)
        SortedSetCommands.pop(key, set, 1, fromTop: fromTop, nested: false, &context)
        context.log(fromTop ? "ZPOPMAX" : "ZPOPMIN", key)
        return true
    }

    /// `BZMPOP timeout numkeys key [key …] MIN|MAX [COUNT count]`: the key and pairs of member and
    /// score; null on timeout.
    private static let popMany = BlockingHandler(
        kind: .sortedSet,
        run: { arguments, context throws(CommandError) in
            let request = try popRequest(arguments)
            let deadline = try context.deadline(seconds: arguments[1])
            guard !context.waitsInLine,
                let (key, slot) = try request.firstValue(.sortedSet, arguments, &context)
            else { return context.waitForValue(until: deadline) }
            SortedSetCommands.popMany(request, key, slot, &context)
            return .done
        },
        serve: { arguments, key, context throws(CommandError) in
            guard let slot = try context.find(key, .sortedSet) else { return false }
            SortedSetCommands.popMany(try popRequest(arguments), key, slot, &context)
            return true
        }
    )

    private static func popRequest(
        _ arguments: Arguments
    ) throws(CommandError) -> PopRequest<Bool> {
        try PopRequest(arguments, from: 2) { word throws(CommandError) in
            try SortedSetCommands.readSide(word)
        }
    }
}
