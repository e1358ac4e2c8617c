internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Hashes by field: setting, reading, removing, incrementing.
public enum HashCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HSET", arity: -4, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], memberWord: 2, propagation: .verbatim, group: .hash, since: "2.0.0", complexity: "O(N) where N is the number of fields set", syntax: "@key data=<field value>...", summary: "Sets the values of fields and returns how many are new.", set),
        DataCommand("HSETNX", arity: 4, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .insert])], memberWord: 2, propagation: .verbatim, group: .hash, since: "2.0.0", complexity: "O(1)", syntax: "@key field value", summary: "Sets the value of a field that does not exist.", setNew),
        DataCommand("HMSET", arity: -4, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], memberWord: 2, propagation: .verbatim, group: .hash, since: "2.0.0", complexity: "O(N) where N is the number of fields set", syntax: "@key data=<field value>...", summary: "Sets the values of fields.", deprecated: Deprecation(since: "4.0.0", by: "`HSET` with multiple field-value pairs"), setMany),
        DataCommand("HGET", arity: 3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .hash, since: "2.0.0", complexity: "O(1)", syntax: "@key field", summary: "Returns the value of a field.", get),
        DataCommand("HMGET", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .hash, since: "2.0.0", complexity: "O(N) where N is the number of fields named", syntax: "@key field...", summary: "Returns the values of several fields.", getMany),
        DataCommand("HDEL", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .delete])], memberWord: 2, propagation: .verbatim, group: .hash, since: "2.0.0", complexity: "O(N) where N is the number of fields named", syntax: "@key field...", summary: "Removes fields and returns how many existed.", remove),
        DataCommand("HEXISTS", arity: 3, [.readonly, .fast], keys: [.one(1, [.ro])], memberWord: 2, group: .hash, since: "2.0.0", complexity: "O(1)", syntax: "@key field", summary: "Returns whether a hash has a field.", exists),
        DataCommand("HLEN", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro])], group: .hash, since: "2.0.0", complexity: "O(1)", syntax: "@key", summary: "Counts the fields of a hash.", count),
        DataCommand("HSTRLEN", arity: 3, [.readonly, .fast], keys: [.one(1, [.ro])], memberWord: 2, group: .hash, since: "3.2.0", complexity: "O(1)", syntax: "@key field", summary: "Returns the length of a field's value.", valueCount),
        DataCommand("HINCRBY", arity: 4, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .access, .update])], memberWord: 2, propagation: .verbatim, group: .hash, since: "2.0.0", complexity: "O(1)", syntax: "@key field increment:i", summary: "Adds a number to the integer in a field; a missing field counts as 0.", increment),
        DataCommand("HINCRBYFLOAT", arity: 4, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .access, .update])], memberWord: 2, propagation: .own, group: .hash, since: "2.6.0", complexity: "O(1)", syntax: "@key field increment:d", summary: "Adds a floating-point number to the one in a field; a missing field counts as 0.", incrementFloat),
    ]
}

extension HashCommands {
    /// `HSET key field value [field value …]`: the number of new fields.
    static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.integer(try store(arguments, &context))
    }

    /// `HMSET key field value [field value …]`: OK.
    static func setMany(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        _ = try store(arguments, &context)
        context.reply.ok()
    }

    private static func store(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Int {
        guard arguments.count % 2 == 0 else { throw .wordCount }
        let hash = try context.hash(toFill: arguments, pairAt: 2)
        let limits = context.limits.encoding
        if arguments.count / 2 - 1 > limits.hashPackEntriesMax { hash.makeTable() }
        var added = 0
        for index in stride(from: 2, to: arguments.count, by: 2) {
            let content = context.content(arguments[index + 1])
            if hash.set(arguments[index], content, .stays, limits, now: context.now) { added += 1 }
        }
        context.nameFields(at: stride(from: 2, to: arguments.count, by: 2), of: arguments)
        context.changed(context.firstKey(arguments), .hSet, by: arguments.count / 2 - 1)
        return added
    }

    /// `HSETNX key field value`: 1, or 0 if the field exists.
    static func setNew(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let hash = try context.hash(toFill: arguments, pairAt: 2)
        guard hash.find(arguments[2], now: context.now) == nil else {
            return context.reply.integer(0)
        }
        let content = context.content(arguments[3])
        hash.set(arguments[2], content, .stays, context.limits.encoding, now: context.now)
        context.name(arguments[2])
        context.changed(context.firstKey(arguments), .hSet)
        context.reply.integer(1)
    }

    // MARK: Reading

    /// `HGET key field`: the value, or null.
    static func get(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .hash)
        let field = slot.flatMap { HashValue($0).find(arguments[2], now: context.now) }
        context.reply.bulk(field?.content)
    }

    /// `HMGET key field [field …]`: the values; null for missing ones.
    static func getMany(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .hash)
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            arguments.prefetchMembers(from: index, of: slot)
            let field = slot.flatMap { HashValue($0).find(arguments[index], now: context.now) }
            context.reply.bulk(field?.content)
        }
    }

    /// `HEXISTS key field`: 1 or 0.
    static func exists(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .hash)
        let field = slot.flatMap { HashValue($0).find(arguments[2], now: context.now) }
        context.reply.integer(field == nil ? 0 : 1)
    }

    /// `HLEN key`: the number of fields.
    static func count(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let hash = try context.readWholeHash(context.firstKey(arguments))
        context.reply.integer(hash?.count ?? 0)
    }

    /// `HSTRLEN key field`: the length of the value in bytes; 0 if the field is missing.
    static func valueCount(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .hash)
        let field = slot.flatMap { HashValue($0).find(arguments[2], now: context.now) }
        context.reply.integer(field?.content?.count ?? 0)
    }

    // MARK: Changing

    /// `HDEL key field [field …]`: the number of fields removed.
    static func remove(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard let slot = try context.findHash(key) else {
            return context.reply.integer(0)
        }
        let hash = HashValue(slot)
        var removed = 0
        for index in 2..<arguments.count where hash.count > 0 {
            guard hash.remove(arguments[index], now: context.now) else { continue }
            removed += 1
            context.name(arguments[index])
        }
        context.changed(key, .hDel, by: removed)
        if hash.removeIfEmpty() { context.notify(key, .del) }
        context.reply.integer(removed)
    }

    /// `HINCRBY key field increment`: the sum.
    static func increment(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let difference = try arguments.integer(3)
        let slot = try context.find(context.firstKey(arguments), .hash)
        let field = slot.flatMap { HashValue($0).find(arguments[2], now: context.now) }
        var old: Int64 = 0
        if let field {
            guard let number = field.content?.integer else {
                throw .hash(.valueNotInteger)
            }
            old = number
        }
        let (sum, overflow) = old.addingReportingOverflow(difference)
        guard !overflow else { throw .overflow }
        let hash = try context.hash(toFill: arguments, pairAt: 2)
        let limits = context.limits.encoding
        hash.set(arguments[2], .integer(sum), .kept, limits, now: context.now)
        context.name(arguments[2])
        context.changed(context.firstKey(arguments), .hIncrBy)
        context.reply.integer(sum)
    }

    /// `HINCRBYFLOAT key field increment`: the sum.
    static func incrementFloat(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let increment = arguments[3]
        var sum = ByteBuffer()
        let number = FloatText.number(increment)
        if number == nil { try add(Bytes("0"), increment, &sum) }
        if number?.isInfinite ?? false { throw .hash(.incrementNotFinite) }
        let slot = try context.find(context.firstKey(arguments), .hash)
        let field = slot.flatMap { HashValue($0).find(arguments[2], now: context.now) }
        if let field, field.content == nil { throw .hash(.valueNotFloat) }
        let old = field?.content ?? .integer(0)
        sum.truncate(to: 0)
        try old.withBytes { text throws(CommandError) in try add(text, increment, &sum) }
        let hash = try context.hash(toFill: arguments, pairAt: 2)
        hash.set(
            arguments[2],
            StringContent(encoding: sum.bytes),
            .kept,
            context.limits.encoding,
            now: context.now
        )
        context.name(arguments[2])
        context.changed(context.firstKey(arguments), .hIncrByFloat)
        context.logFields(stride(from: 2, to: 3, by: 1), of: hash.slot, arguments)
        context.reply.bulk(sum.bytes)
    }

    private static func add(
        _ left: Bytes,
        _ right: Bytes,
        _ sum: inout ByteBuffer
    ) throws(CommandError) {
        do throws(FloatText.SumFailure) {
            try sum.append(sumOf: left, right)
        } catch {
            switch error {
            case .leftNotNumber: throw .hash(.valueNotFloat)
            case .rightNotNumber: throw .notFloat
            case .notFinite: throw .notFinite
            }
        }
    }
}

extension StringContent {
    /// The integer stored or spelled out; nil if there is none.
    fileprivate var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .bytes(let bytes): DecimalText.integer(bytes)
        case .block: nil
        }
    }
}
