internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Popping and moving elements of lists, blocking until there are some.
public enum BlockingListCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("BLPOP", arity: -3, [.write, .blocking], keys: [KeySpec(.index(1), .range(last: -2, step: 1, limit: 0), [.rw, .access, .delete])], propagation: .own, group: .list, since: "2.0.0", complexity: "O(N) with N keys", syntax: "@key... timeout:d", summary: "Removes and returns the first element of the first list that is not empty; blocks until there is one.", blocking: popFront),
        DataCommand("BRPOP", arity: -3, [.write, .blocking], keys: [KeySpec(.index(1), .range(last: -2, step: 1, limit: 0), [.rw, .access, .delete])], propagation: .own, group: .list, since: "2.0.0", complexity: "O(N) with N keys", syntax: "@key... timeout:d", summary: "Removes and returns the last element of the first list that is not empty; blocks until there is one.", blocking: popBack),
        DataCommand("BLMPOP", arity: -5, [.write, .blocking, .movableKeys], keys: [.counted(2, [.rw, .access, .delete])], propagation: .own, group: .list, since: "7.0.0", complexity: "O(N+M) with N keys and M elements returned", syntax: "timeout:d numkeys:i @key... where=(LEFT | RIGHT) [COUNT count:i]", summary: "Removes and returns elements of the first list that is not empty; blocks until there is one.", blocking: popMany),
        DataCommand("BLMOVE", arity: 6, [.write, .denyOOM, .blocking], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.rw, .insert])], propagation: .own, group: .list, since: "6.2.0", complexity: "O(1)", syntax: "@source @destination wherefrom=(LEFT | RIGHT) whereto=(LEFT | RIGHT) timeout:d", summary: "Moves an element from one end of a list to an end of another and returns it; blocks until there is one.", blocking: move),
        DataCommand("BRPOPLPUSH", arity: 4, [.write, .denyOOM, .blocking], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.rw, .insert])], propagation: .own, group: .list, since: "2.2.0", complexity: "O(1)", syntax: "@source @destination timeout:d", summary: "Moves the last element of a list to the front of another and returns it; blocks until there is one.", deprecated: Deprecation(since: "6.2.0", by: "`BLMOVE` with the `RIGHT` and `LEFT` arguments"), blocking: moveLastToFront),
        DataCommand("BLMOVEM", arity: -6, [.write, .denyOOM, .blocking], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.rw, .insert])], propagation: .own, group: .list, since: "8.10.0", complexity: "O(N) with N elements moved", syntax: "@source @destination wherefrom=(LEFT | RIGHT) whereto=(LEFT | RIGHT) timeout:d [how-many=<selector=(COUNT count:i | EXACTLY exactly:i) ordering=(OBO | BULK)>]", summary: "Moves elements from one end of a list to an end of another and returns them; blocks until there are some.", blocking: moveMany),
    ]
}

extension BlockingListCommands {
    // MARK: Popping

    /// `BLPOP key [key …] timeout`: the key and its first element; null on timeout.
    private static let popFront = BlockingHandler(
        kind: .list,
        run: { arguments, context throws(CommandError) in try pop(arguments, .left, &context) },
        serve: { _, key, context throws(CommandError) in try pop(key, .left, &context) }
    )

    /// `BRPOP key [key …] timeout`: the key and its last element; null on timeout.
    private static let popBack = BlockingHandler(
        kind: .list,
        run: { arguments, context throws(CommandError) in try pop(arguments, .right, &context) },
        serve: { _, key, context throws(CommandError) in try pop(key, .right, &context) }
    )

    private static func pop(
        _ arguments: Arguments,
        _ end: ListEnd,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let last = arguments.count - 1
        let deadline = try context.deadline(seconds: arguments[last])
        if !context.waitsInLine {
            for index in 1..<last where try pop(context.key(arguments[index]), end, &context) {
                return .done
            }
        }
        return context.waitForValue(until: deadline)
    }

    private static func pop(
        _ key: Key,
        _ end: ListEnd,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        guard let slot = try context.find(key, .list) else { return false }
        context.reply.array(2)
        context.reply.bulk(key.bytes)
        ListMoves.pop(key, ListValue(slot), 1, end, &context)
        context.log(end == .left ? "LPOP" : "RPOP", key)
        return true
    }

    /// `BLMPOP timeout numkeys key [key …] LEFT|RIGHT [COUNT count]`: the key and its elements;
    /// null on timeout.
    private static let popMany = BlockingHandler(
        kind: .list,
        run: { arguments, context throws(CommandError) in
            let request = try popRequest(arguments)
            let deadline = try context.deadline(seconds: arguments[1])
            guard !context.waitsInLine,
                let (key, slot) = try request.firstValue(.list, arguments, &context)
            else { return context.waitForValue(until: deadline) }
            ListMoves.popMany(request, key, slot, &context)
            return .done
        },
        serve: { arguments, key, context throws(CommandError) in
            guard let slot = try context.find(key, .list) else { return false }
            ListMoves.popMany(try popRequest(arguments), key, slot, &context)
            return true
        }
    )

    private static func popRequest(
        _ arguments: Arguments
    ) throws(CommandError) -> PopRequest<ListEnd> {
        try PopRequest(arguments, from: 2) { word throws(CommandError) in try ListEnd(word) }
    }

    // MARK: Moving

    /// `BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout`: the element; null on timeout.
    private static let move = BlockingHandler(
        kind: .list,
        run: { arguments, context throws(CommandError) in
            let move = try oneMove(arguments)
            let deadline = try context.deadline(seconds: arguments[5])
            return try run(arguments, move, "LMOVE", until: deadline, &context)
        },
        serve: { arguments, _, context throws(CommandError) in
            try moveOne(arguments, oneMove(arguments), "LMOVE", &context)
        }
    )

    /// `BRPOPLPUSH source destination timeout`: the element; null on timeout.
    private static let moveLastToFront = BlockingHandler(
        kind: .list,
        run: { arguments, context throws(CommandError) in
            let deadline = try context.deadline(seconds: arguments[3])
            return try run(arguments, lastToFront, "RPOPLPUSH", until: deadline, &context)
        },
        serve: { arguments, _, context throws(CommandError) in
            try moveOne(arguments, lastToFront, "RPOPLPUSH", &context)
        }
    )

    private static let lastToFront = ListMove(from: .right, to: .left, count: 1)

    private static func oneMove(_ arguments: Arguments) throws(CommandError) -> ListMove {
        ListMove(from: try ListEnd(arguments[3]), to: try ListEnd(arguments[4]), count: 1)
    }

    private static func run(
        _ arguments: Arguments,
        _ move: ListMove,
        _ name: StaticString,
        until deadline: Int64,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        if !context.waitsInLine, try moveOne(arguments, move, name, &context) { return .done }
        guard context.mayWait else {
            // Not a null array, as LMOVE does not reply with an array.
            context.reply.null()
            return .done
        }
        return context.waitForValue(until: deadline)
    }

    /// Moves one element and logs it as the command `name` does; returns false if there is none.
    private static func moveOne(
        _ arguments: Arguments,
        _ move: ListMove,
        _ name: StaticString,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        guard let source = try ListMoves.sourceOfMove(arguments, &context) else { return false }
        ListMoves.move(arguments, move, source, &context)
        context.log(name) { record in
            // RPOPLPUSH names no ends.
            for index in 1..<(arguments.count == 6 ? 5 : 3) { record.word(arguments[index]) }
        }
        return true
    }

    /// `BLMOVEM source destination LEFT|RIGHT LEFT|RIGHT timeout [COUNT|EXACTLY count OBO|BULK]`:
    /// the moved elements in their new order; null on timeout.
    private static let moveMany = BlockingHandler(
        kind: .list,
        run: { arguments, context throws(CommandError) in
            let move = try ListMove(arguments, optionsFrom: 6)
            let deadline = try context.deadline(seconds: arguments[5])
            if !context.waitsInLine, try ListMoves.moveMany(arguments, move, &context) {
                return .done
            }
            return context.waitForValue(until: deadline)
        },
        serve: { arguments, _, context throws(CommandError) in
            let move = try ListMove(arguments, optionsFrom: 6)
            return try ListMoves.moveMany(arguments, move, &context)
        }
    )
}
