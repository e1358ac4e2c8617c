internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// What hstore answers about a value, asked of a hash.
///
/// A key that does not exist counts as a hash without fields, unless a whole hash is returned.
public enum HstoreReading {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HEXISTSALL", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro])], memberWord: 2, group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of fields named", syntax: "@key field...", summary: "Returns whether a hash has all of the fields (hstore: `?&`).", existAll),
        DataCommand("HEXISTSANY", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro])], memberWord: 2, group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of fields named", syntax: "@key field...", summary: "Returns whether a hash has any of the fields (hstore: `?|`).", existAny),
        DataCommand("HDEFINED", arity: 3, [.readonly, .fast], keys: [.one(1, [.ro])], memberWord: 2, group: .hash, since: "Apus 1.0", complexity: "O(1)", syntax: "@key field", summary: "Returns whether a hash has a field that is not null (hstore: `defined`).", isDefined),
        DataCommand("HCONTAINS", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of pairs given", syntax: "@key pairs=(literal | data=<field value>...)", summary: "Returns whether a hash has all of the fields with the given values (hstore: `@>`).", contains),
        DataCommand("HCONTAINEDBY", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of pairs given", syntax: "@key pairs=(literal | data=<field value>...)", summary: "Returns whether a hash has only fields with the given values (hstore: `<@`).", isContained),
        DataCommand("HSLICE", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of fields named", syntax: "@key field...", summary: "Returns those of the fields that exist, with their values (hstore: `slice`).", slice),
        DataCommand("HRECORD", arity: -4, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of fields named", syntax: "@key data=<field default>...", summary: "Returns the values of fields in order, with defaults for those missing (hstore: `#=`, `populate_record`).", record),
        DataCommand("HCMP", arity: 3, [.readonly], keys: [KeySpec(.index(1), .range(last: 1, step: 1, limit: 0), [.ro, .access])], group: .hash, since: "Apus 1.0", complexity: "O(N log N) where N is the number of fields of both", syntax: "@key1 @key2", summary: "Compares two hashes in the order of hstore's B-tree indexes (hstore: `#<#` and others).", compare),
        DataCommand("HDIGEST", arity: 2, [.readonly], keys: [.one(1, [.ro, .access])], group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of fields", syntax: "@key", summary: "Returns a digest that is the same for hashes with the same fields and values.", digest),
    ]
}

extension HstoreReading {
    // MARK: Fields

    /// `HEXISTSALL key field [field …]`: 1 or 0.
    static func existAll(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let missing = try firstField(arguments, &context) { $0 == nil }
        context.reply.integer(missing == nil ? 1 : 0)
    }

    /// `HEXISTSANY key field [field …]`: 1 or 0.
    static func existAny(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let found = try firstField(arguments, &context) { $0 != nil }
        context.reply.integer(found == nil ? 0 : 1)
    }

    /// The index of the first word that names a field for which `condition` holds, or nil.
    private static func firstField(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        _ condition: (HashValue.Field?) -> Bool
    ) throws(CommandError) -> Int? {
        let slot = try context.read(context.firstKey(arguments), .hash)
        for index in 2..<arguments.count {
            arguments.prefetchMembers(from: index, of: slot)
            let field = slot.flatMap { HashValue($0).find(arguments[index], now: context.now) }
            if condition(field) { return index }
        }
        return nil
    }

    /// `HDEFINED key field`: 1 if the field exists and is not null, else 0.
    static func isDefined(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .hash)
        let field = slot.flatMap { HashValue($0).find(arguments[2], now: context.now) }
        context.reply.integer(field?.content == nil ? 0 : 1)
    }

    // MARK: Pairs

    /// `HCONTAINS key literal` or `HCONTAINS key field value [field value …]`: 1 or 0.
    static func contains(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let given = try FieldPairs(arguments, at: 2)
        let slot = try context.read(context.firstKey(arguments), .hash)
        let hash = slot.map { HashValue($0) }
        let now = context.now
        let contained = given.pairs.allSatisfy { hash?.has($0, now: now) ?? false }
        context.reply.integer(contained ? 1 : 0)
    }

    /// `HCONTAINEDBY key literal` or `HCONTAINEDBY key field value [field value …]`: 1 or 0.
    static func isContained(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let given = try FieldPairs(arguments, at: 2)
        guard let hash = try context.readWholeHash(context.firstKey(arguments)) else {
            return context.reply.integer(1)
        }
        // Names are distinct, so as many pairs as there are fields must be found.
        let now = context.now
        let total = hash.liveCount(now: now)
        let found = total > given.pairs.count ? 0 : given.pairs.count { hash.has($0, now: now) }
        context.reply.integer(found == total ? 1 : 0)
    }

    // MARK: Parts

    /// `HSLICE key field [field …]`: the fields that exist, with their values, in hstore's order.
    static func slice(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.firstKey(arguments), .hash) else {
            return context.reply.map(0)
        }
        let places = 2..<arguments.count
        let found = FieldSelection(of: HashValue(slot), arguments, places, now: context.now)
        context.reply.map(found.fields.count)
        for field in found.fields {
            context.reply.bulk(field.name)
            context.reply.bulk(field.value)
        }
    }

    /// `HRECORD key field default [field default …]`: the values, or the defaults of fields that
    /// are missing; null for null.
    static func record(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count % 2 == 0 else { throw .wordCount }
        let slot = try context.read(context.firstKey(arguments), .hash)
        context.reply.array(arguments.count / 2 - 1)
        for index in stride(from: 2, to: arguments.count, by: 2) {
            let field = slot.flatMap { HashValue($0).find(arguments[index], now: context.now) }
            if let field {
                context.reply.bulk(field.content)
            } else {
                context.reply.bulk(arguments[index + 1])
            }
        }
    }

    // MARK: Whole hashes

    /// `HCMP key1 key2`: -1, 0 or 1 if the first comes before, equals or comes after the second.
    static func compare(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let first = try image(context.firstKey(arguments), &context)
        let second = try image(context.key(arguments[2]), &context)
        context.reply.integer(first.compare(second))
    }

    private static func image(
        _ key: Key,
        _ context: inout CommandContext
    ) throws(CommandError) -> HstoreImage {
        guard let hash = try context.readWholeHash(key) else { return HstoreImage(nil) }
        let fields = FieldSelection(of: hash, now: context.now)
        try context.demandRoom(fields.byteCount)
        return HstoreImage(fields)
    }

    /// `HDIGEST key`: 16 hexadecimal digits, or null.
    ///
    /// The XXH3 hash of the number of fields and of the sum of the fields' XXH3 hashes, which does
    /// not depend on their order. What is hashed of a field: the length of its name (4 bytes), the
    /// name, 1 and the value, or 0 for null. Numbers are little-endian, of 8 bytes at the end.
    static func digest(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let hash = try context.readWholeHash(context.firstKey(arguments)) else {
            return context.reply.null()
        }
        var (count, sum) = (UInt64(0), UInt64(0))
        var text = ByteBuffer()
        hash.forEach(now: context.now) { name, value in
            text.truncate(to: 0)
            text.append(littleEndian: UInt32(name.count))
            name.withBytes { text.append($0) }
            text.append(value == nil ? 0 : 1)
            value?.withBytes { text.append($0) }
            count += 1
            sum &+= XXH3.hash(text.bytes)
            return true
        }
        text.truncate(to: 0)
        for number in [count, sum] {
            text.append(littleEndian: UInt32(truncatingIfNeeded: number))
            text.append(littleEndian: UInt32(truncatingIfNeeded: number >> 32))
        }
        context.reply.bulk(hexadecimal: XXH3.hash(text.bytes))
    }
}

extension HashValue {
    /// Whether the field of `pair` exists with its value.
    func has(_ pair: FieldPairs.Pair, now: Int64) -> Bool {
        guard let field = find(pair.name, now: now) else { return false }
        guard let content = field.content, let value = pair.value else {
            return field.content == nil && pair.value == nil
        }
        return content.count == value.count && content.withBytes { $0 == value }
    }
}
