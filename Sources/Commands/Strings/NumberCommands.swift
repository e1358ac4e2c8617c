internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Strings that hold numbers.
public enum NumberCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("INCR", arity: 2, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .verbatim, group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Adds one to the integer at a key; a missing key counts as 0.", increment),
        DataCommand("DECR", arity: 2, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .verbatim, group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Subtracts one from the integer at a key; a missing key counts as 0.", decrement),
        DataCommand("INCRBY", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .verbatim, group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key increment:i", summary: "Adds a number to the integer at a key.", incrementBy),
        DataCommand("DECRBY", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .verbatim, group: .string, since: "1.0.0", complexity: "O(1)", syntax: "@key decrement:i", summary: "Subtracts a number from the integer at a key.", decrementBy),
        DataCommand("INCRBYFLOAT", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "2.6.0", complexity: "O(1)", syntax: "@key increment:d", summary: "Adds a floating-point number to the one at a key; a missing key counts as 0.", incrementByFloat),
        DataCommand("INCREX", arity: -2, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "8.8.0", complexity: "O(1)", syntax: "@key increment=[BYFLOAT float:d | BYINT integer:i] [SATURATE] [LBOUND lowerbound] [UBOUND upperbound] expiration=[EX seconds:i | PX milliseconds:i | EXAT unix-time-seconds:t | PXAT unix-time-milliseconds:t | PERSIST] [ENX]", summary: "Adds a number to the one at a key, within bounds, and optionally changes its expiry.", incrementWithin),
    ]
}

extension NumberCommands {
    /// `INCR key`: the sum.
    static func increment(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try add(1, arguments, &context) }

    /// `DECR key`: the difference.
    static func decrement(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try add(-1, arguments, &context) }

    /// `INCRBY key increment`: the sum.
    static func incrementBy(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try add(arguments.integer(2), arguments, &context) }

    /// `DECRBY key decrement`: the difference.
    static func decrementBy(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let decrement = try arguments.integer(2)
        guard decrement != .min else { throw .string(.decrementOverflow) }
        try add(-decrement, arguments, &context)
    }

    @inline(__always)
    private static func add(
        _ difference: Int64,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .string)
        let old = try slot.map { slot throws(CommandError) in try integer(slot.entry) } ?? 0
        let (sum, overflow) = old.addingReportingOverflow(difference)
        guard !overflow else { throw .overflow }
        context.changed(key, .incrBy)
        if let slot, slot.entry.keyEncoding == .integer {
            slot.shard.willEdit(slot)
            slot.entry.integer = sum
        } else {
            StringValue.set(
                key,
                .integer(sum),
                expiry: slot?.entry.expiry,
                at: slot,
                in: context.shard(key)
            )
        }
        context.reply.integer(sum)
    }

    /// The integer that a string stores or spells out.
    static func integer(_ entry: Entry) throws(CommandError) -> Int64 {
        switch StringValue.content(entry) {
        case .integer(let number): return number
        case .bytes(let bytes):
            guard let number = DecimalText.integer(bytes) else { throw .notInteger }
            return number
        case .block: throw .notInteger
        }
    }

    /// `INCRBYFLOAT key increment`: the sum.
    static func incrementByFloat(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .string)
        let old = try slot.map { slot throws(CommandError) in try float(slot.entry) } ?? .zero
        guard let increment = WideFloat(arguments[2]) else { throw .notFloat }
        let sum = old + increment
        guard sum.isFinite else { throw .notFinite }
        let expiry = slot?.entry.expiry
        sum.withText { text in
            let shard = context.shard(key)
            StringValue.set(key, .bytes(text), expiry: expiry, at: slot, in: shard)
            StringCommands.noteStored(key, text, until: expiry, &context, as: .incrByFloat)
            context.reply.bulk(text)
        }
    }

    private static func float(_ entry: Entry) throws(CommandError) -> WideFloat {
        guard let number = StringValue.withBytes(entry, { WideFloat($0) }) else { throw .notFloat }
        return number
    }

    /// `INCREX key [BYFLOAT float | BYINT integer] [SATURATE] [LBOUND low] [UBOUND high] [EX
    /// seconds | PX milliseconds | EXAT … | PXAT … | PERSIST] [ENX]`: the sum, and what was added.
    static func incrementWithin(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try IncrementOptions(arguments, from: 2, now: context.date)
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .string)
        switch options.amount {
        case .integer(let range):
            let old = try slot.map { slot throws(CommandError) in try integer(slot.entry) } ?? 0
            let result = try range.result(old, saturates: options.saturates)
            if let result {
                keep(.integer(result.sum), key, slot, options, .incrBy, &context)
            }
            context.reply.array(2)
            context.reply.integer(result?.sum ?? old)
            context.reply.integer(result?.added ?? 0)
        case .float(let range):
            let old = try slot.map { slot throws(CommandError) in try float(slot.entry) } ?? .zero
            let result = try range.result(old, saturates: options.saturates)
            if let result {
                result.sum.withText { text in
                    keep(.bytes(text), key, slot, options, .incrByFloat, &context)
                }
            }
            context.reply.array(2)
            (result?.sum ?? old).withText { context.reply.number($0) }
            (result?.added ?? .zero).withText { context.reply.number($0) }
        }
    }

    /// Stores a sum with the expiry that the options specify.
    private static func keep(
        _ content: StringContent,
        _ key: Key,
        _ slot: Shard.Slot?,
        _ options: IncrementOptions,
        _ event: KeyEvent,
        _ context: inout CommandContext
    ) {
        let old = slot?.entry.expiry
        let expiry = options.expiry(replacing: old)
        if let expiry, expiry <= context.now {
            return StringCommands.removeAsDue(key, slot, &context)
        }
        StringValue.set(key, content, expiry: expiry, at: slot, in: context.shard(key))
        content.withBytes {
            StringCommands.noteStored(key, $0, until: expiry, &context, as: event)
        }
        if expiry != old { context.notify(key, expiry == nil ? .persist : .expire) }
    }
}
