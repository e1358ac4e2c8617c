internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The expiry of hash fields.
public enum HashExpiryCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("HEXPIRE", arity: -6, [.write, .fast], keys: [.one(1, [.rw, .update])], memberWord: 5, propagation: .own, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key seconds:i condition=[NX | XX | GT | LT] FIELDS fields=<numfields:i field...>", summary: "Sets the expiry of fields, in seconds from now.", expire),
        DataCommand("HPEXPIRE", arity: -6, [.write, .fast], keys: [.one(1, [.rw, .update])], memberWord: 5, propagation: .own, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key milliseconds:i condition=[NX | XX | GT | LT] FIELDS fields=<numfields:i field...>", summary: "Sets the expiry of fields, in milliseconds from now.", expireMillis),
        DataCommand("HEXPIREAT", arity: -6, [.write, .fast], keys: [.one(1, [.rw, .update])], memberWord: 5, propagation: .own, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key unix-time-seconds:t condition=[NX | XX | GT | LT] FIELDS fields=<numfields:i field...>", summary: "Sets the expiry of fields, in seconds since 1970.", expireAt),
        DataCommand("HPEXPIREAT", arity: -6, [.write, .fast], keys: [.one(1, [.rw, .update])], memberWord: 5, propagation: .own, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key unix-time-milliseconds:t condition=[NX | XX | GT | LT] FIELDS fields=<numfields:i field...>", summary: "Sets the expiry of fields, in milliseconds since 1970.", expireAtMillis),
        DataCommand("HTTL", arity: -5, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 4, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key FIELDS fields=<numfields:i field...>", summary: "Returns the remaining time of fields, in seconds.", tips: ["nondeterministic_output"], secondsLeft),
        DataCommand("HPTTL", arity: -5, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 4, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key FIELDS fields=<numfields:i field...>", summary: "Returns the remaining time of fields, in milliseconds.", tips: ["nondeterministic_output"], millisecondsLeft),
        DataCommand("HEXPIRETIME", arity: -5, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 4, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key FIELDS fields=<numfields:i field...>", summary: "Returns the expiry of fields, in seconds since 1970.", moments),
        DataCommand("HPEXPIRETIME", arity: -5, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 4, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key FIELDS fields=<numfields:i field...>", summary: "Returns the expiry of fields, in milliseconds since 1970.", momentsMillis),
        DataCommand("HPERSIST", arity: -5, [.write, .fast], keys: [.one(1, [.rw, .update])], memberWord: 4, propagation: .own, group: .hash, since: "7.4.0", complexity: "O(N) where N is the number of fields named", syntax: "@key FIELDS fields=<numfields:i field...>", summary: "Removes the expiry of fields.", persist),
    ]
}

extension HashExpiryCommands {
    /// `HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field …]`: a code per
    /// field.
    ///
    /// 1 if set, 2 if the field was deleted at once, 0 if the condition failed, -2 if the field is
    /// missing.
    static func expire(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, .seconds, &context) }

    /// `HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field …]`: as
    /// HEXPIRE.
    static func expireMillis(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, .milliseconds, &context) }

    /// `HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field …]`: as
    /// HEXPIRE.
    static func expireAt(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, .unixSeconds, &context) }

    /// `HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field
    /// …]`: as HEXPIRE.
    static func expireAtMillis(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, .unixMilliseconds, &context) }

    private static func expire(
        _ arguments: Arguments,
        _ unit: ExpiryUnit,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.findHash(context.firstKey(arguments))
        let moment = try unit.fieldMoment(arguments[2], now: context.date)
        let condition = ExpiryCondition(arguments[3])
        let fields = try FieldWords.places(
            arguments,
            at: condition == nil ? 3 : 4,
            or: .hash(.zeroFields)
        )
        let key = context.firstKey(arguments)
        let goesNow = moment <= context.now
        var changed =
            goesNow
            ? ChangedFields(key, "HDEL") : ChangedFields(key, "HPEXPIREAT", moment)
        reply(fields, slot, &context) { hash, index, context in
            guard let field = hash.find(arguments[index], now: context.now) else { return -2 }
            if let condition, !condition.allows(field.expiry, then: moment) { return 0 }
            changed.add(arguments[index], &context)
            if goesNow {
                _ = hash.remove(arguments[index], now: context.now)
                return 2
            }
            _ = hash.setExpiry(arguments[index], moment, now: context.now)
            return 1
        }
        changed.end(goesNow ? .hDel : .hExpire, slot.map { HashValue($0) }, &context)
    }

    /// Replies for each field with the result of `body`, or with -2 if there is no hash.
    private static func reply(
        _ fields: Range<Int>,
        _ slot: Shard.Slot?,
        _ context: inout CommandContext,
        _ body: (HashValue, Int, inout CommandContext) -> Int64
    ) {
        context.reply.array(fields.count)
        for index in fields {
            let outcome = slot.map { body(HashValue($0), index, &context) }
            context.reply.integer(outcome ?? -2)
        }
    }

    // MARK: Reading

    /// `HTTL key FIELDS numfields field [field …]`: the seconds that each field has left.
    ///
    /// -1 if the field has no expiry, -2 if it is missing.
    static func secondsLeft(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try replyTimes(arguments, &context) { (max($0 - $1, 0) + 999) / 1000 }
    }

    /// `HPTTL key FIELDS numfields field [field …]`: as HTTL, in milliseconds.
    static func millisecondsLeft(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyTimes(arguments, &context) { max($0 - $1, 0) } }

    /// `HEXPIRETIME key FIELDS numfields field [field …]`: as HTTL, in seconds since 1970.
    static func moments(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try replyTimes(arguments, &context) { expiry, _ in (expiry + 999) / 1000 }
    }

    /// `HPEXPIRETIME key FIELDS numfields field [field …]`: as HTTL, in milliseconds since 1970.
    static func momentsMillis(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try replyTimes(arguments, &context) { expiry, _ in expiry } }

    private static func replyTimes(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        _ convert: (Int64, Int64) -> Int64
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .hash)
        let fields = try FieldWords.places(arguments, at: 2)
        reply(fields, slot, &context) { hash, index, context in
            guard let field = hash.find(arguments[index], now: context.now) else { return -2 }
            return field.expiry.map { convert($0, context.date) } ?? -1
        }
    }

    /// `HPERSIST key FIELDS numfields field [field …]`: a code per field.
    ///
    /// 1 if its expiry was removed, -1 if it has none, -2 if the field is missing.
    static func persist(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.findHash(context.firstKey(arguments))
        let fields = try FieldWords.places(arguments, at: 2)
        var changed = ChangedFields(context.firstKey(arguments), "HPERSIST")
        reply(fields, slot, &context) { hash, index, context in
            let now = context.now
            guard let field = hash.find(arguments[index], now: now) else { return -2 }
            guard field.expiry != nil else { return -1 }
            _ = hash.setExpiry(arguments[index], nil, now: now)
            changed.add(arguments[index], &context)
            return 1
        }
        changed.end(.hPersist, slot.map { HashValue($0) }, &context)
    }
}

/// The words `FIELDS numfields field [field …]` at the end of a request.
enum FieldWords {
    /// The range of the fields after the word at `index`, which must be `FIELDS`.
    ///
    /// `failure` is the error for an invalid count.
    static func places(
        _ arguments: Arguments,
        at index: Int,
        or failure: CommandError = .hash(.fieldCount)
    ) throws(CommandError) -> Range<Int> {
        guard arguments[index].isWord("FIELDS"), index + 1 < arguments.count else {
            throw .hash(.fieldsMissing)
        }
        let count = try arguments.integer(index + 1, in: 1...Int64.max, or: failure)
        guard count == arguments.count - index - 2 else {
            throw .hash(.fieldCountMismatch)
        }
        return index + 2..<arguments.count
    }
}

extension ExpiryUnit {
    /// The latest time at which a field may expire.
    private static let fieldMomentMax: Int64 = 1 << 46 - 1

    /// The time in milliseconds since 1970 that `word` gives in this unit.
    ///
    /// Throws: not a number, negative, or too far away.
    func fieldMoment(_ word: Bytes, now: Int64) throws(CommandError) -> Int64 {
        guard let number = DecimalText.integer(word) else { throw .notInteger }
        guard number >= 0 else {
            throw .hash(.expiryNegative)
        }
        let scale: Int64 = self == .seconds || self == .unixSeconds ? 1000 : 1
        let base: Int64 = self == .seconds || self == .milliseconds ? now : 0
        let most = ExpiryUnit.fieldMomentMax
        guard number <= most / scale, number * scale <= most - base else { throw .invalidExpire }
        return number * scale + base
    }
}
