internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Internals of values: encoding, size, access statistics.
public enum ObjectCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("OBJECT", arity: -2, [], group: .generic, since: "2.2.3", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about the representation of values.", help),
        DataCommand("OBJECT ENCODING", arity: 3, [.readonly], keys: [.one(2, [.ro])], group: .generic, since: "2.2.3", complexity: "O(1)", syntax: "@key", summary: "Returns the encoding of the value at a key.", tips: ["nondeterministic_output"], encoding),
        DataCommand("OBJECT FREQ", arity: 3, [.readonly], keys: [.one(2, [.ro])], group: .generic, since: "4.0.0", complexity: "O(1)", syntax: "@key", summary: "Returns how often a key was used recently; requires an LFU policy.", tips: ["nondeterministic_output"], frequency),
        DataCommand("OBJECT IDLETIME", arity: 3, [.readonly], keys: [.one(2, [.ro])], group: .generic, since: "2.2.3", complexity: "O(1)", syntax: "@key", summary: "Returns the seconds since a key was last used; not available with an LFU policy.", tips: ["nondeterministic_output"], idleTime),
        DataCommand("OBJECT REFCOUNT", arity: 3, [.readonly], keys: [.one(2, [.ro])], group: .generic, since: "2.2.3", complexity: "O(1)", syntax: "@key", summary: "Returns the reference count of the value at a key: always one.", tips: ["nondeterministic_output"], referenceCount),
        DataCommand("OBJECT HELP", arity: 2, [.loading, .stale], group: .generic, since: "6.2.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of OBJECT.", help),
        DataCommand("MEMORY USAGE", arity: -3, [.readonly], keys: [.one(2, [.ro])], group: .server, since: "4.0.0", complexity: "O(N) where N is the number of blocks of the value", syntax: "@key [SAMPLES count:i]", summary: "Returns how many bytes a key and its value use.", memoryUsage),
    ]
}

extension ObjectCommands {
    /// `OBJECT ENCODING key`: the name of the encoding, or null.
    static func encoding(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = context.peek(context.key(arguments[2])) else {
            return context.reply.null()
        }
        context.reply.bulk(Shard.encodingName(slot.entry))
    }

    /// `OBJECT FREQ key`: the access frequency counter, or null.
    static func frequency(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = context.peek(context.key(arguments[2])) else {
            return context.reply.null()
        }
        guard context.accessClock.countsUses else {
            throw .key(.usesNotCounted)
        }
        context.reply.integer(Int(context.accessClock.frequency(slot.shard.stamp(slot))))
    }

    /// `OBJECT IDLETIME key`: seconds since the last access, or null.
    static func idleTime(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = context.peek(context.key(arguments[2])) else {
            return context.reply.null()
        }
        guard !context.accessClock.countsUses else {
            throw .key(.usesNotDated)
        }
        context.reply.integer(Int(context.accessClock.idleSeconds(slot.shard.stamp(slot))))
    }

    /// `OBJECT REFCOUNT key`: one, or null.
    static func referenceCount(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard context.peek(context.key(arguments[2])) != nil else { return context.reply.null() }
        context.reply.integer(1)
    }

    /// `OBJECT HELP`.
    static func help(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.lines([
            "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "ENCODING <key>",
            "    Return the kind of internal representation used in order to store the value",
            "    associated with a <key>.",
            "FREQ <key>",
            "    Return the access frequency index of the <key>. The returned integer is",
            "    proportional to the logarithm of the recent access frequency of the key.",
            "IDLETIME <key>",
            "    Return the idle time of the <key>, that is the approximated number of",
            "    seconds elapsed since the last access to the key.",
            "REFCOUNT <key>",
            "    Return the number of references of the value associated with the specified",
            "    <key>.",
            "HELP",
            "    Print this help.",
        ])
    }

    /// `MEMORY USAGE key [SAMPLES count]`: bytes, or null.
    static func memoryUsage(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        for index in stride(from: 3, to: arguments.count, by: 2) {
            guard arguments[index].isWord("SAMPLES"), index + 1 < arguments.count,
                try arguments.integer(index + 1) >= 0
            else { throw .syntax }
        }
        let key = context.key(arguments[2])
        guard let slot = context.peek(key) else { return context.reply.null() }
        context.reply.integer(slot.shard.byteCount(slot))
    }
}
