internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Strings as whole values: getting, setting, comparing.
public enum StringCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("GET", arity: 2, [.readonly, .fast], keys: KeySpec.first([.ro, .access]), group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Returns the string at a key.", get),
        DataCommand("SET", arity: -3, [.write, .denyOOM], keys: KeySpec.first([.rw, .access, .update, .variable]), propagation: .verbatim, group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key value condition=[NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET] expiration=[EX seconds:i | PX milliseconds:i | EXAT unix-time-seconds:t | PXAT unix-time-milliseconds:t | KEEPTTL]", summary: "Stores a string at a key, replacing any value, with optional conditions and expiry.", set),
        DataCommand("GETEX", arity: -2, [.write, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "6.2.0", complexity: "O(1)", syntax: "@key expiration=[EX seconds:i | PX milliseconds:i | EXAT unix-time-seconds:t | PXAT unix-time-milliseconds:t | PERSIST]", summary: "Returns the string at a key and optionally changes its expiry.", getWithExpiry),
        DataCommand("GETDEL", arity: 2, [.write, .fast], keys: KeySpec.first([.rw, .access, .delete]), propagation: .own, group: .string, since: "6.2.0", complexity: "O(1)", syntax: "@key", summary: "Returns the string at a key and removes the key.", getAndDelete),
        DataCommand("GETSET", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key value", summary: "Stores a string at a key and returns the old one.", deprecated: Deprecation(since: "6.2.0", by: "`SET` with the `!GET` argument"), getAndSet),
        DataCommand("SETNX", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.ow, .insert]), propagation: .verbatim, group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key value", summary: "Stores a string at a key that does not exist.", deprecated: Deprecation(since: "2.6.12", by: "`SET` with the `NX` argument"), setIfAbsent),
        DataCommand("SETEX", arity: 4, [.write, .denyOOM], keys: KeySpec.first([.ow, .update]), propagation: .own, group: .string, since: "2.0.0", complexity: "O(1)", syntax: "@key seconds:i value", summary: "Stores a string at a key with an expiry in seconds.", deprecated: Deprecation(since: "2.6.12", by: "`SET` with the `EX` argument"), setForSeconds),
        DataCommand("PSETEX", arity: 4, [.write, .denyOOM], keys: KeySpec.first([.ow, .update]), propagation: .own, group: .string, since: "2.6.0", complexity: "O(1)", syntax: "@key milliseconds:i value", summary: "Stores a string at a key with an expiry in milliseconds.", deprecated: Deprecation(since: "2.6.12", by: "`SET` with the `PX` argument"), setForMilliseconds),
        DataCommand("DELEX", arity: -2, [.write, .fast], keys: KeySpec.first([.rw, .delete, .variable]), propagation: .own, group: .string, since: "8.4.0", complexity: "O(1), for digests O(N) where N is the length of the string", syntax: "@key condition=[IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]", summary: "Removes a key if its string equals, or does not equal, a given one.", deleteIf),
        DataCommand("DELIFEQ", arity: 3, [.write, .fast], keys: KeySpec.first([.rm, .delete]), propagation: .own, group: .string, since: "9.0.0", complexity: "O(1)", syntax: "@key value", summary: "Removes a key if its string equals a given one.", deleteIfEqual),
        DataCommand("DIGEST", arity: 2, [.readonly, .fast], keys: KeySpec.first([.ro, .access]), group: .string, since: "8.4.0", complexity: "O(N) where N is the length of the string", syntax: "@key", summary: "Returns the XXH3 hash of the string at a key.", digest),
    ]
}

extension StringCommands {
    /// `GET key`: the string, or null.
    static func get(
        _ arguments: Arguments,
        _ context: inout CommandContext
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
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard _fastPath(arguments.count == 3) else {
            return try setWithOptions(arguments, key, &context)
        }
        let slot = context.find(key)
        // This comes first, so that the key is not needed later.
        context.changed(key, .set)
        store(key, arguments[2], expiry: nil, at: slot, &context)
        context.reply.ok()
    }

    /// Stores the word `value` at `key`, taking over its block if it has one.
    @inline(__always)
    static func store(
        _ key: Key,
        _ value: Bytes,
        expiry: Int64?,
        at slot: Shard.Slot?,
        _ context: inout CommandContext
    ) {
        let content: StringContent
        if _slowPath(value.count > Entry.inlineValueMax), let block = context.takeBlock(value) {
            content = .block(block)
        } else {
            content = StringContent(encoding: value)
        }
        let shard = slot?.shard ?? context.shard(key)
        StringValue.set(key, content, expiry: expiry, at: slot, in: shard)
    }

    /// Reports that `key` now holds `value` until `expiry`.
    ///
    /// Logs both, whatever the key held before.
    static func noteStored(
        _ key: Key,
        _ value: Bytes,
        until expiry: Int64?,
        _ context: inout CommandContext,
        as event: KeyEvent = .set
    ) {
        context.changed(key, event)
        context.log("SET") { record in
            record.word(key.bytes)
            record.word(value)
            guard let expiry else { return }
            record.word("PXAT")
            record.word(expiry)
        }
    }

    /// Removes the key at `slot`, if there is one, as the requested expiry is in the past.
    static func removeAsDue(_ key: Key, _ slot: Shard.Slot?, _ context: inout CommandContext) {
        guard let slot else { return }
        slot.shard.remove(slot)
        context.changed(key, .del)
        context.log("DEL", key)
    }

    @inline(never)
    private static func setWithOptions(
        _ arguments: Arguments,
        _ key: Key,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try SetOptions(arguments, from: 3, now: context.date)
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
            removeAsDue(key, old, &context)
        } else {
            store(key, arguments[2], expiry: expiry, at: old, &context)
            noteStored(key, arguments[2], until: expiry, &context)
            if options.expiry != nil { context.notify(key, .expire) }
        }
        if !options.returnsOld { context.reply.ok() }
    }

    /// `GETEX key [EX seconds | PX milliseconds | EXAT … | PXAT … | PERSIST]`: the string, or null.
    static func getWithExpiry(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var words = ExpiryWords()
        var index = 2
        while index < arguments.count {
            guard try words.take(arguments, &index, allowing: .persist) else { throw .syntax }
            index += 1
        }
        guard let slot = try context.read(context.firstKey(arguments), .string) else {
            return context.reply.null()
        }
        let moment = try words.moment(now: context.date)
        reply(slot.entry, &context.reply)
        let key = context.firstKey(arguments)
        if let moment {
            guard moment > context.now else { return removeAsDue(key, slot, &context) }
            slot.shard.setExpiry(slot, moment)
            context.changed(key, .expire)
            context.log("PEXPIREAT", key, moment)
        } else if words.persists, slot.entry.hasWord {
            slot.shard.setExpiry(slot, nil)
            context.changed(key, .persist)
            context.log("PERSIST", key)
        }
    }

    /// `GETDEL key`: the string, or null.
    static func getAndDelete(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.firstKey(arguments), .string) else {
            return context.reply.null()
        }
        reply(slot.entry, &context.reply)
        let key = context.firstKey(arguments)
        slot.shard.remove(slot)
        context.changed(key, .del)
        context.log("DEL", key)
    }

    /// `GETSET key value`: the old string, or null.
    static func getAndSet(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let slot = try context.read(key, .string)
        if let slot { reply(slot.entry, &context.reply) } else { context.reply.null() }
        store(key, arguments[2], expiry: nil, at: slot, &context)
        noteStored(key, arguments[2], until: nil, &context)
    }

    /// `SETNX key value`: 1, or 0 if the key exists.
    static func setIfAbsent(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard context.find(key) == nil else { return context.reply.integer(0) }
        store(key, arguments[2], expiry: nil, at: nil, &context)
        context.changed(key, .set)
        context.reply.integer(1)
    }

    /// `SETEX key seconds value`: OK.
    static func setForSeconds(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try set(arguments, &context, expiringIn: .seconds) }

    /// `PSETEX key milliseconds value`: OK.
    static func setForMilliseconds(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try set(arguments, &context, expiringIn: .milliseconds) }

    private static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        expiringIn unit: ExpiryUnit
    ) throws(CommandError) {
        let expiry = try unit.moment(arguments[2], now: context.date)
        let key = context.firstKey(arguments)
        store(key, arguments[3], expiry: expiry, at: context.find(key), &context)
        noteStored(key, arguments[3], until: expiry, &context)
        context.notify(key, .expire)
        context.reply.ok()
    }

    // MARK: Comparing

    /// `DELEX key [IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]`: 1, or 0 if nothing was
    /// removed.
    static func deleteIf(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count > 2 else {
            return try delete(context.firstKey(arguments), if: .always, &context)
        }
        guard arguments.count == 4 else { throw .wordCount }
        // The condition is ignored if there is no such key.
        guard let slot = context.find(context.firstKey(arguments)) else {
            return context.reply.integer(0)
        }
        guard slot.entry.isKind(.string) else {
            throw .string(.conditionNeedsString)
        }
        var index = 2
        guard let condition = try ValueCondition(comparing: arguments, &index) else {
            throw .string(.condition)
        }
        try delete(context.firstKey(arguments), if: condition, &context)
    }

    /// `DELIFEQ key value`: 1, or 0 if nothing was removed.
    static func deleteIfEqual(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try delete(context.firstKey(arguments), if: .equal(arguments[2]), &context)
    }

    private static func delete(
        _ key: Key,
        if condition: ValueCondition,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = context.find(key), try condition.allows(slot.entry) else {
            return context.reply.integer(0)
        }
        slot.shard.remove(slot)
        context.changed(key, .del)
        context.log("DEL", key)
        context.reply.integer(1)
    }

    /// `DIGEST key`: 16 hexadecimal digits, or null.
    static func digest(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.firstKey(arguments), .string) else {
            return context.reply.null()
        }
        context.reply.bulk(hexadecimal: StringValue.withBytes(slot.entry) { XXH3.hash($0) })
    }
}
