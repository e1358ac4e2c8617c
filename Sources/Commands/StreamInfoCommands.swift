internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// What is known of streams, their groups and consumers.
public enum StreamInfoCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XINFO", arity: -2, [], group: .stream, since: "5.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Holds the subcommands that tell of streams.", help),
        DataCommand("XINFO STREAM", arity: -3, [.readonly], keys: [.one(2, [.ro, .access])], group: .stream, since: "5.0.0", complexity: "O(1), O(N) with FULL for N entries told", syntax: "@key full-block=[FULL [COUNT count:i]]", summary: "Tells of a stream.", stream),
        DataCommand("XINFO HELP", arity: 2, [.loading, .stale], group: .stream, since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of XINFO.", help),
    ]
}

extension StreamInfoCommands {
    /// `XINFO STREAM key [FULL [COUNT count]]`: names and values.
    static func stream(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.key(arguments[2]), .stream) else {
            throw .noSuchKey
        }
        let limit = try entryLimit(arguments)
        let stream = StreamValue(slot)
        context.reply.map(limit == nil ? 10 : 9)
        tell(stream, &context)
        if let limit {
            context.reply.bulk("entries")
            context.reply.entries(stream, .zero, .max, limit: limit)
            context.reply.bulk("groups")
            context.reply.array(0)
        } else {
            context.reply.bulk("groups")
            context.reply.integer(0)
            for (name, last) in [("first-entry", false), ("last-entry", true)] as [(StaticString, Bool)] {
                context.reply.bulk(name)
                var found = false
                stream.walk(.zero, .max, reversed: last) {
                    context.reply.entry($0)
                    found = true
                    return false
                }
                if !found { context.reply.null() }
            }
        }
    }

    /// How many entries FULL tells; nil without it.
    private static func entryLimit(_ arguments: Arguments) throws(CommandError) -> Int? {
        guard arguments.count > 3 else { return nil }
        guard arguments[3].isWord("FULL"), arguments.count == 4 || arguments.count == 6,
            arguments.count == 4 || arguments[4].isWord("COUNT")
        else {
            throw CommandError(
                "ERR unknown subcommand or wrong number of arguments for '@'. Try XINFO HELP.",
                arguments[1]
            )
        }
        guard arguments.count == 6 else { return 10 }
        let count = try arguments.integer(5)
        return count < 0 ? 10 : count == 0 ? .max : Int(count)
    }

    /// What both forms begin with.
    private static func tell(_ stream: StreamValue, _ context: inout CommandContext) {
        context.reply.bulk("length")
        context.reply.integer(stream.count)
        context.reply.bulk("radix-tree-keys")
        context.reply.integer(stream.packCount)
        context.reply.bulk("radix-tree-nodes")
        context.reply.integer(stream.packCount + 1)
        context.reply.bulk("last-generated-id")
        context.reply.id(stream.lastID)
        context.reply.bulk("max-deleted-entry-id")
        context.reply.id(stream.deletedIDMax)
        context.reply.bulk("entries-added")
        context.reply.integer(stream.addedCount)
        context.reply.bulk("recorded-first-entry-id")
        context.reply.id(stream.firstID)
    }

    /// `XINFO HELP`.
    static func help(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.lines([
            "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "CONSUMERS <key> <groupname>",
            "    Show consumers of <groupname>.",
            "GROUPS <key>",
            "    Show the stream consumer groups.",
            "STREAM <key> [FULL [COUNT <count>]",
            "    Show information about the stream.",
            "HELP",
            "    Print this help.",
        ])
    }
}
