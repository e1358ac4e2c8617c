internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Hash fields together with their expiry.
public enum HashTimedCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HSETEX", arity: -6, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], memberWord: 4, propagation: .own, group: .hash, since: "8.0.0", complexity: "O(N) where N is the number of fields set", syntax: "@key key-condition=[NX | XX] condition=[FNX | FXX] expiration=[EX seconds:i | PX milliseconds:i | EXAT unix-time-seconds:t | PXAT unix-time-milliseconds:t | KEEPTTL] FIELDS fields=<numfields:i data=<field value>...>", summary: "Sets the values of fields, with optional conditions and expiry.", set),
        DataCommand("HGETEX", arity: -5, [.write, .fast], keys: [.one(1, [.rw, .access, .update])], memberWord: 4, propagation: .own, group: .hash, since: "8.0.0", complexity: "O(N) where N is the number of fields named", syntax: "@key expiration=[EX seconds:i | PX milliseconds:i | EXAT unix-time-seconds:t | PXAT unix-time-milliseconds:t | PERSIST] FIELDS fields=<numfields:i field...>", summary: "Returns the values of fields and optionally changes their expiry.", get),
        DataCommand("HGETDEL", arity: -5, [.write, .fast], keys: [.one(1, [.rw, .access, .delete])], memberWord: 4, propagation: .own, group: .hash, since: "8.0.0", complexity: "O(N) where N is the number of fields named", syntax: "@key FIELDS fields=<numfields:i field...>", summary: "Returns the values of fields and removes the fields.", take),
    ]
}

extension HashTimedCommands {
    /// `HSETEX key [NX | XX] [FNX | FXX] [time | KEEPTTL] FIELDS numfields field value [field value
    /// …]`: 1, or 0 if the conditions failed.
    static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try HashTimedOptions(arguments, sets: true, now: context.date)
        let key = context.firstKey(arguments)
        let slot = try context.findHash(key)
        guard allows(options, slot, arguments, context.now) else { return context.reply.integer(0) }
        context.reply.integer(1)
        let fields = stride(from: options.places.lowerBound, to: arguments.count, by: 2)
        if let expiry = options.expiry, expiry <= context.now {
            if let slot { remove(fields, arguments, HashValue(slot), key, &context) }
            return
        }
        let hash = try context.hash(toFill: arguments, pairAt: options.places.lowerBound)
        let limits = context.limits.encoding
        let lifetime =
            options.expiry.map { HashValue.Lifetime.until($0) }
            ?? (options.isBare ? .kept : .stays)
        for index in fields {
            let content = context.content(arguments[index + 1])
            hash.set(arguments[index], content, lifetime, limits, now: context.now)
        }
        context.nameFields(at: fields, of: arguments)
        context.changed(key, .hSet, by: options.places.count / 2)
        if options.expiry != nil {
            context.nameFields(at: fields, of: arguments)
            context.notify(key, .hExpire)
        }
        context.logFields(fields, of: hash.slot, arguments)
    }

    /// Removes the fields named at `places`, as the requested expiry is in the past.
    private static func remove(
        _ places: StrideTo<Int>,
        _ arguments: Arguments,
        _ hash: HashValue,
        _ key: Key,
        _ context: inout CommandContext
    ) {
        var fields = ChangedFields(key, "HDEL")
        for index in places where hash.remove(arguments[index], now: context.now) {
            fields.add(arguments[index], &context)
        }
        fields.end(.hDel, hash, &context)
    }

    private static func allows(
        _ options: HashTimedOptions,
        _ slot: Shard.Slot?,
        _ arguments: Arguments,
        _ now: Int64
    ) -> Bool {
        if let needsKey = options.needsKey, needsKey != (slot != nil) { return false }
        guard options.fields != .always else { return true }
        for index in stride(from: options.places.lowerBound, to: arguments.count, by: 2) {
            let field = slot.flatMap { HashValue($0).find(arguments[index], now: now) }
            guard (field != nil) == (options.fields == .all) else { return false }
        }
        return true
    }

    /// `HGETEX key [time | PERSIST] FIELDS numfields field [field …]`: the values; null if missing.
    static func get(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try HashTimedOptions(arguments, sets: false, now: context.date)
        let slot = try context.findHash(context.firstKey(arguments))
        let now = context.now
        if let expiry = options.expiry, expiry <= now {
            return take(options.places, arguments, slot, &context)
        }
        let changes = options.isBare || options.expiry != nil
        let name: StaticString = options.isBare ? "HPERSIST" : "HPEXPIREAT"
        var fields = ChangedFields(context.firstKey(arguments), name, options.expiry)
        reply(options.places, arguments, slot, &context) { hash, field, name, context in
            guard changes, !(options.isBare && field.expiry == nil) else { return }
            _ = hash.setExpiry(name, options.expiry, now: now)
            fields.add(name, &context)
        }
        fields.end(options.isBare ? .hPersist : .hExpire, slot.map { HashValue($0) }, &context)
    }

    /// `HGETDEL key FIELDS numfields field [field …]`: the values; null if missing.
    static func take(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.findHash(context.firstKey(arguments))
        take(try FieldWords.places(arguments, at: 2), arguments, slot, &context)
    }

    /// Replies with the values of the given fields and removes them.
    private static func take(
        _ places: Range<Int>,
        _ arguments: Arguments,
        _ slot: Shard.Slot?,
        _ context: inout CommandContext
    ) {
        let now = context.now
        var fields = ChangedFields(context.firstKey(arguments), "HDEL")
        reply(places, arguments, slot, &context) { hash, _, name, context in
            _ = hash.remove(name, now: now)
            fields.add(name, &context)
        }
        fields.end(.hDel, slot.map { HashValue($0) }, &context)
    }

    /// Replies with the values of the given fields; `body` may then change each field.
    private static func reply(
        _ fields: Range<Int>,
        _ arguments: Arguments,
        _ slot: Shard.Slot?,
        _ context: inout CommandContext,
        _ body: (HashValue, HashValue.Field, Bytes, inout CommandContext) -> Void
    ) {
        context.reply.array(fields.count)
        for index in fields {
            guard let slot, let field = HashValue(slot).find(arguments[index], now: context.now)
            else {
                context.reply.null()
                continue
            }
            context.reply.bulk(field.content)
            body(HashValue(slot), field, arguments[index], &context)
        }
    }
}
