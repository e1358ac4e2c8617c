internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The expiry of keys.
public enum ExpiryCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("EXPIRE", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .own, group: .generic, since: "1.0.0", complexity: "O(1)", syntax: "@key seconds:i condition=[NX | XX | GT | LT]", summary: "Sets the expiry of a key, in seconds from now.", expire),
        DataCommand("PEXPIRE", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .own, group: .generic, since: "2.6.0", complexity: "O(1)", syntax: "@key milliseconds:i condition=[NX | XX | GT | LT]", summary: "Sets the expiry of a key, in milliseconds from now.", expireMillis),
        DataCommand("EXPIREAT", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .own, group: .generic, since: "1.2.0", complexity: "O(1)", syntax: "@key unix-time-seconds:t condition=[NX | XX | GT | LT]", summary: "Sets the expiry of a key, in seconds since 1970.", expireAt),
        DataCommand("PEXPIREAT", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .own, group: .generic, since: "2.6.0", complexity: "O(1)", syntax: "@key unix-time-milliseconds:t condition=[NX | XX | GT | LT]", summary: "Sets the expiry of a key, in milliseconds since 1970.", expireAtMillis),
        DataCommand("TTL", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .generic, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Returns the remaining time of a key, in seconds.", tips: ["nondeterministic_output"], secondsLeft),
        DataCommand("PTTL", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .generic, since: "2.6.0", complexity: "O(1)", syntax: "@key", summary: "Returns the remaining time of a key, in milliseconds.", tips: ["nondeterministic_output"], millisecondsLeft),
        DataCommand("EXPIRETIME", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .generic, since: "7.0.0", complexity: "O(1)", syntax: "@key", summary: "Returns the expiry of a key, in seconds since 1970.", moment),
        DataCommand("PEXPIRETIME", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro, .access])], group: .generic, since: "7.0.0", complexity: "O(1)", syntax: "@key", summary: "Returns the expiry of a key, in milliseconds since 1970.", momentMillis),
        DataCommand("PERSIST", arity: 2, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .verbatim, group: .generic, since: "2.2.0", complexity: "O(1)", syntax: "@key", summary: "Removes the expiry of a key.", persist),
    ]
}

extension ExpiryCommands {
    /// `EXPIRE key seconds [NX | XX | GT | LT]`: 1, or 0 if nothing changed.
    static func expire(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, &context, scale: 1000, base: context.date) }

    /// `PEXPIRE key milliseconds [NX | XX | GT | LT]`: 1, or 0 if nothing changed.
    static func expireMillis(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, &context, scale: 1, base: context.date) }

    /// `EXPIREAT key unix-time-seconds [NX | XX | GT | LT]`: 1, or 0 if nothing changed.
    static func expireAt(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, &context, scale: 1000, base: 0) }

    /// `PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]`: 1, or 0 if nothing changed.
    static func expireAtMillis(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try expire(arguments, &context, scale: 1, base: 0) }

    private static func expire(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        scale: Int64,
        base: Int64
    ) throws(CommandError) {
        let condition = try ExpiryCondition(arguments, from: 3)
        let (scaled, overflow) = try arguments.integer(2).multipliedReportingOverflow(by: scale)
        let (expiry, carry) = scaled.addingReportingOverflow(base)
        guard !overflow, !carry else { throw .invalidExpire }
        let key = context.firstKey(arguments)
        guard let slot = context.find(key), condition.allows(slot.entry.expiry, then: expiry) else {
            return context.reply.integer(0)
        }
        if expiry <= context.now {
            StringCommands.removeAsDue(key, slot, &context)
        } else {
            slot.shard.setExpiry(slot, expiry)
            context.changed(key, .expire)
            context.log("PEXPIREAT", key, expiry)
        }
        context.reply.integer(1)
    }

    /// `TTL key`: seconds; -1 if the key has no expiry, -2 if there is no key.
    static func secondsLeft(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let now = context.date
        reply(arguments, &context) { (max($0 - now, 0) + 500) / 1000 }
    }

    /// `PTTL key`: milliseconds; -1 if the key has no expiry, -2 if there is no key.
    static func millisecondsLeft(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let now = context.date
        reply(arguments, &context) { max($0 - now, 0) }
    }

    /// `EXPIRETIME key`: seconds since 1970; -1 if the key has no expiry, -2 if there is no key.
    static func moment(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { reply(arguments, &context) { $0 / 1000 + ($0 % 1000 >= 500 ? 1 : 0) } }

    /// `PEXPIRETIME key`: as EXPIRETIME, in milliseconds since 1970.
    static func momentMillis(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { reply(arguments, &context) { $0 } }

    private static func reply(
        _ arguments: Arguments,
        _ context: inout CommandContext,
        _ convert: (Int64) -> Int64
    ) {
        guard let slot = context.read(context.firstKey(arguments), isUse: false) else {
            return context.reply.integer(-2)
        }
        context.reply.integer(slot.entry.expiry.map(convert) ?? -1)
    }

    /// `PERSIST key`: 1, or 0 if there is no key or it has no expiry.
    static func persist(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard let slot = context.find(key), slot.entry.hasWord else {
            return context.reply.integer(0)
        }
        slot.shard.setExpiry(slot, nil)
        context.changed(key, .persist)
        context.reply.integer(1)
    }
}

/// The condition for setting an expiry: words `NX`, `XX`, `GT`, `LT`.
struct ExpiryCondition {
    private var isAbsent = false
    private var isPresent = false
    private var isLater = false
    private var isEarlier = false

    /// Parses the words from `start` to the end.
    init(_ arguments: Arguments, from start: Int) throws(CommandError) {
        for index in start..<max(arguments.count, start) {
            let word = arguments[index]
            if word.isWord("NX") {
                isAbsent = true
            } else if word.isWord("XX") {
                isPresent = true
            } else if word.isWord("GT") {
                isLater = true
            } else if word.isWord("LT") {
                isEarlier = true
            } else {
                throw .key(.unsupportedOption(word))
            }
        }
        if isAbsent, isPresent || isLater || isEarlier {
            throw .key(.absentAndPresent)
        }
        if isLater, isEarlier {
            throw .key(.greaterAndLess)
        }
    }

    /// The condition that the single word `word` stands for, or nil.
    init?(_ word: Bytes) {
        isAbsent = word.isWord("NX")
        isPresent = word.isWord("XX")
        isLater = word.isWord("GT")
        isEarlier = word.isWord("LT")
        guard isAbsent || isPresent || isLater || isEarlier else { return nil }
    }

    /// Whether the expiry `old` (nil: none) may be changed to `new`.
    func allows(_ old: Int64?, then new: Int64) -> Bool {
        if isAbsent, old != nil { return false }
        if isPresent, old == nil { return false }
        if isLater { return old.map { new > $0 } ?? false }
        if isEarlier { return old.map { new < $0 } ?? true }
        return true
    }
}
