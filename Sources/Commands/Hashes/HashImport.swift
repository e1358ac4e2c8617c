internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// HIMPORT: many hashes with the same fields, whose names are sent once per connection.
public enum HashImport {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HIMPORT", arity: -2, [], group: .hash, since: "8.10.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands that import hashes with the same fields.", container),
        DataCommand("HIMPORT PREPARE", arity: -4, [.denyOOM, .usesSession], group: .hash, since: "8.10.0", complexity: "O(N*log(N)) where N is the number of fields", syntax: "fieldset-name field...", summary: "Names the fields of the hashes that the connection will import.", tips: ["request_policy:all_shards"], prepare),
        DataCommand("HIMPORT SET", arity: -5, [.write, .denyOOM, .usesSession], keys: [.one(2, [.ow, .update])], propagation: .own, group: .hash, since: "8.10.0", complexity: "O(N) where N is the number of fields", syntax: "@key fieldset-name value...", summary: "Creates or replaces a hash with prepared fields.", waiting: set),
        DataCommand("HIMPORT DISCARD", arity: 3, [.usesSession], group: .hash, since: "8.10.0", complexity: "O(N) where N is the number of field sets", syntax: "fieldset-name", summary: "Forgets a set of fields.", tips: ["request_policy:all_shards"], discard),
        DataCommand("HIMPORT DISCARDALL", arity: 2, [.usesSession], group: .hash, since: "8.10.0", complexity: "O(N) where N is the number of field sets", syntax: "", summary: "Forgets all sets of fields of the connection.", tips: ["request_policy:all_shards"], discardAll),
    ]
}

extension HashImport {
    /// `HIMPORT`: the container's own row, which never runs.
    static func container(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { throw .wordCount }

    /// `HIMPORT PREPARE fieldset-name field [field …]`: OK.
    ///
    /// Replaces a set of this name.
    static func prepare(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count - 3 <= FieldSets.fieldsMax else { throw .hash(.fieldSetTooLarge) }
        guard !hasDuplicates(arguments, from: 3, context) else {
            throw .hash(.fieldSetDuplicate)
        }
        guard context.fieldSets.insert(arguments[2], arguments, from: 3) else {
            throw .hash(.fieldSetTooLarge)
        }
        context.reply.ok()
    }

    /// `HIMPORT SET key fieldset-name value [value …]`: OK.
    ///
    /// An existing hash is replaced together with its expiry; it is an error if the key holds
    /// another type.
    static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        guard let fields = context.fieldSets.find(arguments[3]) else {
            throw .hash(.fieldSetUnknown(arguments[3]))
        }
        guard fields.count == arguments.count - 4 else { throw .hash(.fieldSetMismatch) }
        let key = Key(arguments[2], context.firstHash)
        if let old = try context.find(key, .hash) {
            old.shard.remove(old)
            context.log("DEL", key)
        }
        fill(key, fields, arguments, &context)
        logSet(key, fields, arguments, &context)
        context.changed(key, .hSet, by: fields.count)
        context.reply.ok()
        return .done
    }

    /// `HIMPORT DISCARD fieldset-name`: 1, or 0 if there is no such set.
    static func discard(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.integer(context.fieldSets.remove(arguments[2]) ? 1 : 0)
    }

    /// `HIMPORT DISCARDALL`: the number of sets.
    static func discardAll(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { context.reply.integer(context.fieldSets.removeAll()) }

    // MARK: Parts

    /// Adds `key`, which must be absent, with the values of a request.
    private static func fill(
        _ key: Key,
        _ fields: FieldSets.FieldSet,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) {
        let limits = context.limits.encoding
        var pairBytes = arguments[4].count
        fields.withField(0) { pairBytes += $0.count }
        let hash = HashValue.create(key, pairBytes: pairBytes, in: context.shard(key))
        if fields.count > limits.hashPackEntriesMax { hash.makeTable() }
        for index in 0..<fields.count {
            let content = context.content(arguments[4 + index])
            let now = context.now
            fields.withField(index) { _ = hash.set($0, content, .stays, limits, now: now) }
            if context.effects.wants.contains(.fields) {
                fields.withField(index) { context.effects.note(field: $0) }
            }
        }
    }

    /// Logs what HSET would be.
    private static func logSet(
        _ key: Key,
        _ fields: FieldSets.FieldSet,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) {
        context.log("HSET") { record in
            record.word(key.bytes)
            for index in 0..<fields.count {
                fields.withField(index) { record.word($0) }
                record.word(arguments[4 + index])
            }
        }
    }

    /// Whether two of the words from `first` on are equal.
    ///
    /// Complexity: O(n log n).
    private static func hasDuplicates(
        _ arguments: Arguments,
        from first: Int,
        _ context: borrowing CommandContext
    ) -> Bool {
        var words: [(hash: UInt64, index: Int)] = []
        words.reserveCapacity(arguments.count - first)
        for index in first..<arguments.count {
            words.append((context.keyspace.hasher(arguments[index]).bits, index))
        }
        words.sort { $0.hash < $1.hash }
        for place in words.indices.dropFirst() {
            // Equal words are neighbours, or nearly: different words hardly ever have one hash.
            var other = place - 1
            while other >= 0, words[other].hash == words[place].hash {
                if arguments[words[other].index] == arguments[words[place].index] { return true }
                other -= 1
            }
        }
        return false
    }
}
