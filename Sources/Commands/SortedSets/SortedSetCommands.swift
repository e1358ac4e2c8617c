internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Sorted sets by member: adding, removing, looking up, popping, drawing.
public enum SortedSetCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("ZADD", arity: -4, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], memberWord: 3, propagation: .verbatim, group: .sortedSet, since: "1.2.0", complexity: "O(log(N)) for each member", syntax: "@key condition=[NX | XX] comparison=[GT | LT] [CH] [INCR] data=<score:d member>...", summary: "Sets the scores of members, adding missing members.", add),
        DataCommand("ZINCRBY", arity: 4, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .access, .update])], memberWord: 3, propagation: .verbatim, group: .sortedSet, since: "1.2.0", complexity: "O(log(N))", syntax: "@key increment:i member", summary: "Adds a number to the score of a member; a missing member counts as 0.", increment),
        DataCommand("ZREM", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .delete])], memberWord: 2, propagation: .verbatim, group: .sortedSet, since: "1.2.0", complexity: "O(M*log(N)) with M members to remove", syntax: "@key member...", summary: "Removes members and returns how many existed.", remove),
        DataCommand("ZCARD", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro])], group: .sortedSet, since: "1.2.0", complexity: "O(1)", syntax: "@key", summary: "Counts the members of a sorted set.", count),
        DataCommand("ZSCORE", arity: 3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .sortedSet, since: "1.2.0", complexity: "O(1)", syntax: "@key member", summary: "Returns the score of a member.", score),
        DataCommand("ZMSCORE", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .sortedSet, since: "6.2.0", complexity: "O(N) where N is the number of members named", syntax: "@key member...", summary: "Returns the scores of several members.", scores),
        DataCommand("ZRANK", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .sortedSet, since: "2.0.0", complexity: "O(log(N))", syntax: "@key member [WITHSCORE]", summary: "Returns the rank of a member, counted from the lowest score.", rank),
        DataCommand("ZREVRANK", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .sortedSet, since: "2.0.0", complexity: "O(log(N))", syntax: "@key member [WITHSCORE]", summary: "Returns the rank of a member, counted from the highest score.", rankFromTop),
        DataCommand("ZPOPMIN", arity: -2, [.write, .fast], keys: [.one(1, [.rw, .access, .delete])], propagation: .verbatim, group: .sortedSet, since: "5.0.0", complexity: "O(log(N)*M) with M members popped", syntax: "@key [count:i]", summary: "Removes and returns the members with the lowest scores.", popLeast),
        DataCommand("ZPOPMAX", arity: -2, [.write, .fast], keys: [.one(1, [.rw, .access, .delete])], propagation: .verbatim, group: .sortedSet, since: "5.0.0", complexity: "O(log(N)*M) with M members popped", syntax: "@key [count:i]", summary: "Removes and returns the members with the highest scores.", popGreatest),
        DataCommand("ZMPOP", arity: -4, [.write, .movableKeys], keys: [.counted(1, [.rw, .access, .delete])], propagation: .own, group: .sortedSet, since: "7.0.0", complexity: "O(K)+O(M*log(N)) with K keys and M members popped", syntax: "numkeys:i @key... where=(MIN | MAX) [COUNT count:i]", summary: "Removes and returns members of the first sorted set that is not empty.", popMany),
    ]
}

extension SortedSetCommands {
    /// `ZADD key [condition] [comparison] [CH] [INCR] score member [score member …]`: the number of
    /// new members; with CH, also of changed ones; with INCR, the new score, or null.
    static func add(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try add(arguments, increments: false, &context)
    }

    /// `ZINCRBY key increment member`: the new score.
    static func increment(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try add(arguments, increments: true, &context)
    }

    private static func add(
        _ arguments: Arguments,
        increments: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try SortedSetAddOptions(arguments, increments: increments)
        var score = 0.0
        for index in stride(from: options.start, to: arguments.count, by: 2) {
            score = try arguments.score(index)
        }
        let key = context.firstKey(arguments)
        var tally = SortedSetAddOptions.Tally()
        let memberBytes = arguments[options.start + 1].count
        let mayMake = !options.needsPresent
        if let set = try target(key, memberBytes: memberBytes, mayMake: mayMake, &context) {
            let limits = context.limits.encoding
            for index in stride(from: options.start, to: arguments.count, by: 2) {
                if arguments.count - options.start > 2 { score = try arguments.score(index) }
                set.edit(arguments[index + 1], limits) { options.decide($0, score, &tally) }
            }
        }
        let event: KeyEvent = options.increments ? .zIncr : .zAdd
        context.changed(key, event, by: tally.added + tally.updated)
        if tally.isNotNumber {
            throw .sortedSet(.notNumber)
        }
        guard options.increments else {
            let changed = options.countsChanges ? tally.updated : 0
            return context.reply.integer(tally.added + changed)
        }
        if let score = tally.score { context.reply.double(score) } else { context.reply.null() }
    }

    /// The sorted set to add to, created if necessary for a first member of `memberBytes` bytes.
    ///
    /// Nil if it does not exist and must not be created.
    static func target(
        _ key: Key,
        memberBytes: Int,
        mayMake: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) -> SortedSetValue? {
        if let slot = try context.find(key, .sortedSet) { return SortedSetValue(slot) }
        guard mayMake else { return nil }
        let limits = context.limits.encoding
        return SortedSetValue.create(
            key,
            memberBytes: memberBytes,
            limits,
            in: context.shard(key)
        )
    }

    /// `ZREM key member [member …]`: the number of members removed.
    static func remove(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard let slot = try context.find(key, .sortedSet) else {
            return context.reply.integer(0)
        }
        let set = SortedSetValue(slot)
        var removed = 0
        for index in 2..<arguments.count where set.count > 0 {
            if set.remove(arguments[index]) { removed += 1 }
        }
        context.changed(key, .zRem, by: removed)
        if set.removeIfEmpty() { context.notify(key, .del) }
        context.reply.integer(removed)
    }

    // MARK: Looking up

    /// `ZCARD key`: the number of members.
    static func count(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .sortedSet)
        context.reply.integer(slot.map { SortedSetValue($0).count } ?? 0)
    }

    /// `ZSCORE key member`: the score, or null.
    static func score(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .sortedSet)
        reply(slot.flatMap { SortedSetValue($0).score(arguments[2]) }, &context)
    }

    /// `ZMSCORE key member [member …]`: the scores; null for missing members.
    static func scores(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .sortedSet)
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            arguments.prefetchMembers(from: index, of: slot)
            reply(slot.flatMap { SortedSetValue($0).score(arguments[index]) }, &context)
        }
    }

    private static func reply(_ score: Double?, _ context: inout CommandContext) {
        if let score { context.reply.double(score) } else { context.reply.null() }
    }

    /// `ZRANK key member [WITHSCORE]`: the rank, with the score if requested; or null.
    static func rank(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try rank(arguments, reversed: false, &context) }

    /// `ZREVRANK key member [WITHSCORE]`: the rank from the top, with the score if requested; or
    /// null.
    static func rankFromTop(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try rank(arguments, reversed: true, &context) }

    private static func rank(
        _ arguments: Arguments,
        reversed: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count <= 4 else { throw .wordCount }
        let withScore = arguments.count == 4
        if withScore, !arguments[3].isWord("WITHSCORE") { throw .syntax }
        let slot = try context.read(context.firstKey(arguments), .sortedSet)
        guard let slot, let found = SortedSetValue(slot).rank(arguments[2]) else {
            return withScore ? context.reply.nullArray() : context.reply.null()
        }
        let rank = reversed ? SortedSetValue(slot).count - 1 - found.rank : found.rank
        if withScore { context.reply.array(2) }
        context.reply.integer(rank)
        if withScore { context.reply.double(found.score) }
    }

    // MARK: Popping

    /// `ZPOPMIN key [count]`: the members with the lowest scores, and the scores.
    static func popLeast(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try pop(arguments, fromTop: false, &context) }

    /// `ZPOPMAX key [count]`: the members with the highest scores, and the scores.
    static func popGreatest(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try pop(arguments, fromTop: true, &context) }

    private static func pop(
        _ arguments: Arguments,
        fromTop: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count <= 3 else { throw .syntax }
        let hasCount = arguments.count == 3
        let count = hasCount ? try arguments.integer(2, in: 0...Int64.max, or: .notPositive) : 1
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .sortedSet)
        guard let slot, count > 0 else { return context.reply.array(0) }
        let set = SortedSetValue(slot)
        let popped = min(count, set.count)
        let nested = hasCount && context.reply.isRESP3
        context.reply.array(nested ? popped : popped * 2)
        pop(key, set, popped, fromTop: fromTop, nested: nested, &context)
    }

    /// Replies with `popped` members and their scores, without an array header, and removes them.
    ///
    /// The scores are in nested pairs if `nested`. Removes the key with the last member.
    static func pop(
        _ key: Key,
        _ set: SortedSetValue,
        _ popped: Int,
        fromTop: Bool,
        nested: Bool,
        _ context: inout CommandContext
    ) {
        let total = set.count
        set.walk(from: fromTop ? total - 1 : 0, limit: popped, reversed: fromTop) {
            if nested { context.reply.array(2) }
            context.reply.bulk($0)
            context.reply.double($1)
            return true
        }
        set.remove(fromTop ? total - popped..<total : 0..<popped)
        context.changed(key, fromTop ? .zPopMax : .zPopMin, by: popped)
        if set.removeIfEmpty() { context.notify(key, .del) }
    }

    /// `ZMPOP numkeys key [key …] MIN|MAX [COUNT count]`: the key and pairs of member and score.
    static func popMany(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = try PopRequest(arguments) { word throws(CommandError) in
            try readSide(word)
        }
        guard let (key, slot) = try request.firstValue(.sortedSet, arguments, &context) else {
            return context.reply.nullArray()
        }
        popMany(request, key, slot, &context)
    }

    /// Reads MIN or MAX; returns whether members are taken from the top.
    static func readSide(_ word: Bytes) throws(CommandError) -> Bool {
        if word.isWord("MIN") { return false }
        guard word.isWord("MAX") else { throw .syntax }
        return true
    }

    /// Replies with the key of the set at `slot` and the members that `request` pops.
    static func popMany(
        _ request: PopRequest<Bool>,
        _ key: Key,
        _ slot: Shard.Slot,
        _ context: inout CommandContext
    ) {
        let set = SortedSetValue(slot)
        let popped = min(request.count, set.count)
        context.reply.array(2)
        context.reply.bulk(key.bytes)
        context.reply.array(popped)
        pop(key, set, popped, fromTop: request.side, nested: true, &context)
        context.log(request.side ? "ZPOPMAX" : "ZPOPMIN", key, Int64(popped))
    }
}
