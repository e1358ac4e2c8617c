internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Strings at several keys at once.
public enum StringManyCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("MGET", arity: -2, [.readonly, .fast], keys: [.rest(1, [.ro, .access])], group: .string, since: "1.0.0", complexity: "O(N) where N is the number of keys", syntax: "@key...", summary: "Returns the strings at several keys atomically.", tips: ["request_policy:multi_shard"], getMany),
        DataCommand("MSET", arity: -3, [.write, .denyOOM], keys: [.rest(1, step: 2, [.ow, .update])], propagation: .verbatim, group: .string, since: "1.0.1", complexity: "O(N) where N is the number of keys", syntax: "data=<@key value>...", summary: "Stores strings at several keys atomically.", tips: ["request_policy:multi_shard", "response_policy:all_succeeded"], setMany),
        DataCommand("MSETNX", arity: -3, [.write, .denyOOM], keys: [.rest(1, step: 2, [.ow, .insert])], propagation: .verbatim, group: .string, since: "1.0.1", complexity: "O(N) where N is the number of keys", syntax: "data=<@key value>...", summary: "Stores strings at several keys atomically, if none of them exists.", setManyIfAbsent),
        DataCommand("MSETEX", arity: -4, [.write, .denyOOM, .movableKeys], keys: [.counted(1, step: 2, [.ow, .update])], propagation: .own, group: .string, since: "8.4.0", complexity: "O(N) where N is the number of keys", syntax: "numkeys:i data=<@key value>... condition=[NX | XX] expiration=[EX seconds:i | PX milliseconds:i | EXAT unix-time-seconds:t | PXAT unix-time-milliseconds:t | KEEPTTL]", summary: "Stores strings at several keys atomically, with optional conditions and expiry.", tips: ["request_policy:multi_shard", "response_policy:all_succeeded"], setManyWithOptions),
    ]
}

extension StringManyCommands {
    /// `MGET key [key …]`: the strings; null for keys that are missing or hold other types.
    static func getMany(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.array(arguments.count - 1)
        for index in 1..<arguments.count {
            let slot = context.read(context.key(arguments[index]))
            if let slot, slot.entry.isKind(.string) {
                StringCommands.reply(slot.entry, &context.reply)
            } else {
                context.reply.null()
            }
        }
    }

    /// `MSET key value [key value …]`: OK.
    static func setMany(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count % 2 == 1 else { throw .wordCount }
        store(arguments, pairsIn: 1..<arguments.count, &context)
        context.reply.ok()
    }

    /// Stores the pairs of keys and values in `range`, without an expiry.
    private static func store(
        _ arguments: Arguments,
        pairsIn range: Range<Int>,
        _ context: inout CommandContext
    ) {
        for index in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
            let key = context.key(arguments[index])
            let slot = context.find(key)
            StringCommands.store(key, arguments[index + 1], expiry: nil, at: slot, &context)
            context.changed(key, .set)
        }
    }

    /// Stores the pairs of keys and values in `range` with the expiry given by `words`.
    ///
    /// `expiry` is the resulting time.
    private static func store(
        _ arguments: Arguments,
        pairsIn range: Range<Int>,
        _ words: ExpiryWords,
        _ expiry: Int64?,
        _ context: inout CommandContext
    ) {
        for index in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
            let (key, value) = (context.key(arguments[index]), arguments[index + 1])
            let slot = context.find(key)
            let expiry = words.keepsExpiry ? slot?.entry.expiry : expiry
            if let expiry, expiry <= context.now {
                StringCommands.removeAsDue(key, slot, &context)
                continue
            }
            StringCommands.store(key, value, expiry: expiry, at: slot, &context)
            StringCommands.noteStored(key, value, until: expiry, &context)
            if words.hasTime { context.notify(key, .expire) }
        }
    }

    /// `MSETNX key value [key value …]`: 1, or 0 if one of the keys exists.
    static func setManyIfAbsent(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count % 2 == 1 else { throw .wordCount }
        let range = 1..<arguments.count
        guard all(arguments, range, &context, arePresent: false) else {
            return context.reply.integer(0)
        }
        store(arguments, pairsIn: range, &context)
        context.reply.integer(1)
    }

    /// Whether all keys of the pairs in `range` exist, or none of them does.
    private static func all(
        _ arguments: Arguments,
        _ range: Range<Int>,
        _ context: inout CommandContext,
        arePresent: Bool
    ) -> Bool {
        for index in stride(from: range.lowerBound, to: range.upperBound, by: 2)
        where (context.find(context.key(arguments[index])) != nil) != arePresent {
            return false
        }
        return true
    }

    /// `MSETEX numkeys key value [key value …] [NX | XX] [EX seconds | PX milliseconds | EXAT … |
    /// PXAT … | KEEPTTL]`: 1, or 0 if nothing was stored.
    static func setManyWithOptions(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let count = try arguments.integer(
            1,
            in: 1...Int64(Int32.max),
            or: .string(.keyCount)
        )
        let range = 2..<2 + count * 2
        guard range.upperBound <= arguments.count else {
            throw .string(.pairCount)
        }
        let (condition, words) = try options(arguments, from: range.upperBound)
        let expiry = try words.moment(now: context.date)
        if let condition, !all(arguments, range, &context, arePresent: condition == .present) {
            return context.reply.integer(0)
        }
        store(arguments, pairsIn: range, words, expiry, &context)
        context.reply.integer(1)
    }

    private enum Presence { case absent, present }

    private static func options(
        _ arguments: Arguments,
        from start: Int
    ) throws(CommandError) -> (Presence?, ExpiryWords) {
        var condition: Presence?
        var words = ExpiryWords()
        var index = start
        while index < arguments.count {
            let word = arguments[index]
            if word.isWord("NX") || word.isWord("XX") {
                let found = word.isWord("NX") ? Presence.absent : .present
                guard condition == nil || condition == found else { throw .syntax }
                condition = found
            } else if try !words.take(arguments, &index, allowing: .keep) {
                throw .syntax
            }
            index += 1
        }
        return (condition, words)
    }
}
