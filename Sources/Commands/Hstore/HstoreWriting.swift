internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// What hstore does to a value, done to a hash.
public enum HstoreWriting {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HSETL", arity: 3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], propagation: .own, group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of pairs in the literal", syntax: "@key literal", summary: "Sets fields of a hash to the values in an hstore literal and returns how many are new.", setLiteral),
        DataCommand("HSETNULL", arity: -3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], memberWord: 2, propagation: .verbatim, group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of fields named", syntax: "@key field...", summary: "Sets fields of a hash to null and returns how many are new.", setNull),
        DataCommand("HMERGE", arity: -3, [.write, .denyOOM], keys: [.one(1, [.rw, .access, .update]), .rest(2, [.ro, .access])], propagation: .own, group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of fields of all sources", syntax: "@destination @source...", summary: "Adds the fields of other hashes to a hash and returns how many are new (hstore: `||`).", merge),
        DataCommand("HDELPAIR", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .access, .delete])], propagation: .own, group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of pairs given", syntax: "@key pairs=(literal | data=<field value>...)", summary: "Removes the fields that have the given values and returns how many did (hstore: `-` and `delete`).", removePairs),
    ]
}

extension HstoreWriting {
    /// `HSETL key literal`: the number of new fields.
    ///
    /// As with HSET, fields that get a value lose their expiry. A literal without pairs does
    /// nothing.
    static func setLiteral(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let given = try FieldPairs(arguments, at: 2)
        let key = context.firstKey(arguments)
        guard let first = given.pairs.first else {
            _ = try context.find(key, .hash)
            return context.reply.integer(0)
        }
        let pairBytes = first.name.count + (first.value?.count ?? 0)
        let hash = try context.hash(toFill: key, pairBytes: pairBytes)
        let limits = context.limits.encoding
        if given.pairs.count > limits.hashPackEntriesMax { hash.makeTable() }
        var added = 0
        for pair in given.pairs {
            let content = pair.value.map { StringContent(encoding: $0) }
            if hash.set(pair.name, content, .stays, limits, now: context.now) { added += 1 }
            context.name(pair.name)
        }
        context.changed(key, .hSet, by: given.pairs.count)
        if context.logs {
            var changes = FieldChanges(key)
            for pair in given.pairs {
                changes.add(.bytes(pair.name), pair.value.map { .bytes($0) }, expiry: nil)
            }
            changes.log(&context)
        }
        context.reply.integer(added)
    }

    /// `HSETNULL key field [field …]`: the number of new fields.
    static func setNull(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let hash = try context.hash(toFill: key, pairBytes: arguments[2].count)
        let limits = context.limits.encoding
        if arguments.count - 2 > limits.hashPackEntriesMax { hash.makeTable() }
        var added = 0
        for index in 2..<arguments.count {
            if hash.set(arguments[index], nil, .stays, limits, now: context.now) { added += 1 }
        }
        context.nameFields(at: stride(from: 2, to: arguments.count, by: 1), of: arguments)
        context.changed(key, .hSet, by: arguments.count - 2)
        context.reply.integer(added)
    }

    /// `HDELPAIR key literal` or `HDELPAIR key field value [field value …]`: the number of fields
    /// removed.
    static func removePairs(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let given = try FieldPairs(arguments, at: 2)
        let key = context.firstKey(arguments)
        guard let slot = try context.findHash(key) else {
            return context.reply.integer(0)
        }
        let hash = HashValue(slot)
        var removed = 0
        var changed = ChangedFields(key, "HDEL")
        for pair in given.pairs where hash.count > 0 && hash.has(pair, now: context.now) {
            guard hash.remove(pair.name, now: context.now) else { continue }
            removed += 1
            changed.add(pair.name, &context)
        }
        changed.end(.hDel, hash, &context)
        context.reply.integer(removed)
    }

    // MARK: Merging

    /// `HMERGE destination source [source …]`: the number of new fields.
    ///
    /// Later sources win. Fields keep the expiries that they have in the source.
    static func merge(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        _ = try context.findHash(key)
        var hasFields = false
        for index in 2..<arguments.count {
            guard !(arguments[index] == key.bytes) else { throw .key(.sameObject) }
            let source = try context.readWholeHash(context.key(arguments[index]))
            if let source, source.liveCount(now: context.now) > 0 { hasFields = true }
        }
        guard hasFields else { return context.reply.integer(0) }
        // Slots move when keys are added, so the destination is created first.
        let target = try context.hash(toFill: key, pairBytes: 0)
        var added = 0
        for index in 2..<arguments.count {
            guard let slot = context.peek(context.key(arguments[index])) else { continue }
            added += copy(HashValue(slot), to: target, key, &context)
        }
        context.reply.integer(added)
    }

    /// Copies all fields of `source` to `target`; returns how many were new.
    private static func copy(
        _ source: HashValue,
        to target: HashValue,
        _ key: Key,
        _ context: inout CommandContext
    ) -> Int {
        let (limits, now) = (context.limits.encoding, context.now)
        let places = source.places(now: now)
        var changes = FieldChanges(key)
        var (added, expiring) = (0, 0)
        for place in places {
            let field = source.field(at: place)
            // Fields' blocks are never edited in place, so both hashes may share one.
            if case .block(let block)? = field.value { block.retain() }
            let lifetime = field.expiry.map { HashValue.Lifetime.until($0) } ?? .stays
            if field.expiry != nil { expiring += 1 }
            let isNew = field.name.withBytes {
                target.set($0, field.value, lifetime, limits, now: now)
            }
            if isNew { added += 1 }
            field.name.withBytes { context.name($0) }
            if context.logs { changes.add(field.name, field.value, expiry: field.expiry) }
        }
        context.changed(key, .hSet, by: places.count)
        if expiring > 0 {
            for field in places.map({ source.field(at: $0) }) where field.expiry != nil {
                field.name.withBytes { context.name($0) }
            }
            context.notify(key, .hExpire)
        }
        changes.log(&context)
        return added
    }
}
