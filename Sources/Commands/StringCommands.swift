internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Strings as whole values: get, set, count.
public enum StringCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("GET", arity: 2, [.readonly, .fast], keys: KeySpec.first([.ro, .access]), group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Returns the string stored at a key.", get),
        DataCommand("SET", arity: -3, [.write, .denyOOM], keys: KeySpec.first([.rw, .access, .update, .variable]), group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key value condition=[NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET] expiration=[EX seconds:i | PX milliseconds:i | EXAT unix-time-seconds:t | PXAT unix-time-milliseconds:t | KEEPTTL]", summary: "Stores a string at a key, whatever the key held, on conditions and for a time if wanted.", set),
        DataCommand("INCR", arity: 2, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Adds one to the integer at a key, which counts as 0 when it is not there.", increment),
        DataCommand("DECR", arity: 2, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Takes one from the integer at a key, which counts as 0 when it is not there.", decrement),
        DataCommand("INCRBY", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key increment:i", summary: "Adds a number to the integer at a key.", incrementBy),
        DataCommand("DECRBY", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key decrement:i", summary: "Takes a number from the integer at a key.", decrementBy),
        DataCommand("MGET", arity: -2, [.readonly, .fast], keys: [.rest(1, [.ro, .access])], group: .string, since: "1.0.0", complexity: "O(N) where N is the number of keys", syntax: "@key...", summary: "Returns the strings at several keys at one moment.", tips: ["request_policy:multi_shard"], getMany),
        DataCommand("MSET", arity: -3, [.write, .denyOOM], keys: [.rest(1, step: 2, [.ow, .update])], group: .string, since: "1.0.1", complexity: "O(N) where N is the number of keys", syntax: "data=<@key value>...", summary: "Stores strings at several keys at one moment.", tips: ["request_policy:multi_shard", "response_policy:all_succeeded"], setMany),
    ]
}

extension StringCommands {
    /// `GET key`: the string, or null.
    static func get(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.firstKey(arguments), .string) else {
            return context.reply.null()
        }
        reply(slot.entry, &context.reply)
    }

    /// Writes the string of `entry` as a bulk string.
    @inline(__always)
    static func reply(_ entry: Entry, _ reply: inout ReplyWriter) {
        switch StringValue.content(entry) {
        case .bytes(let bytes): reply.bulk(bytes)
        case .integer(let number): reply.bulk(decimal: number)
        case .block(let block): reply.bulk(block)
        }
    }

    /// `SET key value [condition] [GET] [expiration]`: OK, the old string, or null.
    static func set(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard _fastPath(arguments.count == 3) else { return try setWithOptions(arguments, key, &context) }
        store(key, arguments[2], expiry: nil, at: context.find(key), &context)
        context.reply.ok()
    }

    /// Stores the word `value` at `key`, taking over its block where it has one.
    @inline(__always)
    static func store(
        _ key: Key, _ value: Bytes, expiry: Int64?, at slot: Shard.Slot?,
        _ context: inout CommandContext
    ) {
        let content: StringContent
        if _slowPath(value.count > Entry.inlineValueMax), let block = context.takeBlock(value) {
            content = .block(block)
        } else {
            content = StringContent(encoding: value)
        }
        StringValue.set(key, content, expiry: expiry, at: slot, in: context.shard(key))
    }

    @inline(never)
    private static func setWithOptions(
        _ arguments: Arguments, _ key: Key, _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try SetOptions(arguments, from: 3, now: context.now)
        let old = context.find(key)
        if options.returnsOld, let old, !old.entry.isKind(.string) { throw .wrongType }
        let allowed = try options.condition.allows(old?.entry)
        if options.returnsOld {
            if let old { reply(old.entry, &context.reply) } else { context.reply.null() }
        }
        guard allowed else {
            if !options.returnsOld { context.reply.null() }
            return
        }
        let expiry = options.keepsExpiry ? old?.entry.expiry : options.expiry
        if let expiry, expiry <= context.now {
            if let old { context.shard(key).remove(old) }
        } else {
            store(key, arguments[2], expiry: expiry, at: old, &context)
        }
        if !options.returnsOld { context.reply.ok() }
    }

    /// `INCR key`: the sum.
    static func increment(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) { try add(1, arguments, &context) }

    /// `DECR key`: the difference.
    static func decrement(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) { try add(-1, arguments, &context) }

    /// `INCRBY key increment`: the sum.
    static func incrementBy(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) { try add(arguments.integer(2), arguments, &context) }

    /// `DECRBY key decrement`: the difference.
    static func decrementBy(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        let decrement = try arguments.integer(2)
        guard decrement != .min else { throw CommandError("ERR decrement would overflow") }
        try add(-decrement, arguments, &context)
    }

    @inline(__always)
    private static func add(
        _ difference: Int64, _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .string)
        let old = try slot.map { slot throws(CommandError) in try integer(slot.entry) } ?? 0
        let (sum, overflow) = old.addingReportingOverflow(difference)
        guard !overflow else { throw .overflow }
        if let slot, slot.entry.stringEncoding == .integer {
            slot.shard.willChange(slot)
            slot.entry.integer = sum
        } else {
            StringValue.set(
                key, .integer(sum), expiry: slot?.entry.expiry, at: slot, in: context.shard(key))
        }
        context.reply.integer(sum)
    }

    /// The integer that a string holds or spells.
    static func integer(_ entry: Entry) throws(CommandError) -> Int64 {
        switch StringValue.content(entry) {
        case .integer(let number): return number
        case .bytes(let bytes):
            guard let number = DecimalText.integer(bytes) else { throw .notInteger }
            return number
        case .block: throw .notInteger
        }
    }

    /// `MGET key [key …]`: the strings; null for those that are not there or no strings.
    static func getMany(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.array(arguments.count - 1)
        for index in 1..<arguments.count {
            let slot = context.read(context.key(arguments[index]))
            if let slot, slot.entry.isKind(.string) {
                reply(slot.entry, &context.reply)
            } else {
                context.reply.null()
            }
        }
    }

    /// `MSET key value [key value …]`: OK.
    static func setMany(
        _ arguments: Arguments, _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count % 2 == 1 else { throw .wordCount }
        for index in stride(from: 1, to: arguments.count, by: 2) {
            let key = context.key(arguments[index])
            store(key, arguments[index + 1], expiry: nil, at: context.find(key), &context)
        }
        context.reply.ok()
    }
}
