internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Consumer groups: creating, changing, and removing groups and their consumers.
public enum StreamGroupCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XGROUP", arity: -2, [], group: .stream, since: "5.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands that change consumer groups.", help),
        DataCommand("XGROUP CREATE", arity: -5, [.write, .denyOOM], keys: [.one(2, [.rw, .insert])], propagation: .verbatim, group: .stream, since: "5.0.0", complexity: "O(1)", syntax: "@key group id-selector=(id | new-id=$) [MKSTREAM] [ENTRIESREAD entries-read:i]", summary: "Adds a consumer group to a stream.", create),
        DataCommand("XGROUP SETID", arity: -5, [.write], keys: [.one(2, [.rw, .update])], propagation: .verbatim, group: .stream, since: "5.0.0", complexity: "O(1)", syntax: "@key group id-selector=(id | new-id=$) [ENTRIESREAD entries-read:i]", summary: "Sets how far a consumer group has read.", setProgress),
        DataCommand("XGROUP DESTROY", arity: 4, [.write], keys: [.one(2, [.rw, .delete])], propagation: .verbatim, group: .stream, since: "5.0.0", complexity: "O(N) with N pending entries, in slices", syntax: "@key group", summary: "Removes a consumer group.", destroy),
        DataCommand("XGROUP CREATECONSUMER", arity: 5, [.write, .denyOOM], keys: [.one(2, [.rw, .insert])], propagation: .verbatim, group: .stream, since: "6.2.0", complexity: "O(1)", syntax: "@key group consumer", summary: "Adds a consumer to a group.", createConsumer),
        DataCommand("XGROUP DELCONSUMER", arity: 5, [.write], keys: [.one(2, [.rw, .delete])], propagation: .verbatim, group: .stream, since: "5.0.0", complexity: "O(N) with N pending entries of the consumer", syntax: "@key group consumer", summary: "Removes a consumer from a group.", waiting: removeConsumer),
        DataCommand("XGROUP HELP", arity: 2, [.loading, .stale], group: .stream, since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of XGROUP.", help),
    ]
}

extension StreamGroupCommands {
    /// `XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD count]`: OK.
    static func create(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try ProgressOptions(arguments, allowsStream: true)
        let key = context.key(arguments[2])
        var slot = try context.find(key, .stream)
        if slot == nil, !options.makesStream { throw .streamGroup(.needsKey) }
        let id = try options.id(arguments, slot)
        if slot == nil { slot = StreamValue.create(key, in: context.shard(key)).slot }
        guard let slot else { throw .streamGroup(.needsKey) }
        let stream = StreamValue(slot)
        guard stream.group(arguments[3]) == nil else {
            throw .streamGroup(.isThere)
        }
        stream.createGroup(arguments[3], lastID: id, readCount: options.readCount)
        context.changed(key, .xGroupCreate)
        if let group = stream.group(arguments[3]), group.readCount != options.readCount {
            logCreation(of: group, arguments, &context)
        }
        context.reply.ok()
    }

    /// Logs CREATE with the group's actual entries-read counter, which differs from the given one.
    private static func logCreation(
        of group: StreamGroup,
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) {
        context.log("XGROUP") { record in
            record.word("CREATE")
            record.word(arguments[2])
            record.word(group.name)
            record.word(group.lastID)
            record.word("MKSTREAM")
            record.word("ENTRIESREAD")
            record.word(group.readCount)
        }
    }

    /// `XGROUP SETID key group id|$ [ENTRIESREAD count]`: OK.
    static func setProgress(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try ProgressOptions(arguments, allowsStream: false)
        let (stream, group) = try find(arguments, &context)
        let id = try options.id(arguments, stream.slot, allowsEnds: true)
        stream.setProgress(group, lastID: id, readCount: options.readCount)
        let key = context.key(arguments[2])
        context.changed(key, .xGroupSetID)
        // A group cannot have read more entries than were added, which older servers do not check.
        if group.readCount != options.readCount { context.logProgress(of: group, key) }
        context.reply.ok()
    }

    /// `XGROUP DESTROY key group`: 1, or 0 if there is no such group.
    static func destroy(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.key(arguments[2])
        guard let slot = try context.find(key, .stream) else {
            throw .streamGroup(.needsKey)
        }
        let isGone = StreamValue(slot).removeGroup(arguments[3])
        if isGone { context.changed(key, .xGroupDestroy) }
        context.reply.integer(isGone ? 1 : 0)
    }

    /// `XGROUP CREATECONSUMER key group consumer`: 1, or 0 if it exists.
    static func createConsumer(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let (stream, group) = try find(arguments, &context)
        let isNew = stream.consumer(group, arguments[4]) == nil
        if isNew {
            _ = stream.makeConsumer(group, arguments[4], now: context.date)
            context.changed(context.key(arguments[2]), .xGroupCreateConsumer)
        }
        context.reply.integer(isNew ? 1 : 0)
    }

    /// `XGROUP DELCONSUMER key group consumer`: the number of its pending entries.
    static func removeConsumer(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let (stream, group) = try find(arguments, &context)
        let limit = context.slice / removalCost
        let outcome = stream.removeConsumer(group, arguments[4], limit: limit)
        let removed = outcome?.removed ?? 0
        if let outcome, !outcome.isGone {
            return context.goOn(removed, context.key(arguments[2]), stream.slot)
        }
        if outcome != nil { context.changed(context.key(arguments[2]), .xGroupDelConsumer) }
        context.reply.integer((context.work?.done ?? 0) + removed)
        return .done
    }

    /// The cost of removing a pending entry, in elements visited.
    private static let removalCost = 2

    /// The stream at word 2 and its group at word 3.
    private static func find(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> (StreamValue, StreamGroup) {
        guard let slot = try context.find(context.key(arguments[2]), .stream) else {
            throw .streamGroup(.needsKey)
        }
        let stream = StreamValue(slot)
        guard let group = stream.group(arguments[3]) else {
            throw .streamGroup(.missing(arguments[3], key: arguments[2]))
        }
        return (stream, group)
    }

    /// The words of CREATE and SETID, starting with the id.
    private struct ProgressOptions {
        private(set) var makesStream = false
        private(set) var readCount: Int64 = -1

        init(_ arguments: Arguments, allowsStream: Bool) throws(CommandError) {
            var index = 5
            while index < arguments.count {
                if allowsStream, arguments[index].isWord("MKSTREAM") {
                    makesStream = true
                    index += 1
                } else if arguments[index].isWord("ENTRIESREAD"), index + 1 < arguments.count {
                    readCount = try arguments.integer(index + 1)
                    guard readCount >= -1 else {
                        throw .streamGroup(.readCount)
                    }
                    index += 2
                } else {
                    throw .streamGroup(.words(arguments[1]))
                }
            }
            guard index <= (allowsStream ? 8 : 7) else { throw .streamGroup(.words(arguments[1])) }
        }

        /// The id at word 4; `$` is the last id of the stream.
        ///
        /// `-` and `+`, the ends of all ids, are accepted only where allowed.
        func id(
            _ arguments: Arguments,
            _ slot: Shard.Slot?,
            allowsEnds: Bool = false
        ) throws(CommandError) -> StreamID {
            if arguments[4].count == 1, arguments[4][0] == UInt8(ascii: "$") {
                return slot.map { StreamValue($0).lastID } ?? .zero
            }
            return try StreamID(arguments[4], allowsEnds: allowsEnds)
        }
    }

    /// `XGROUP HELP`.
    static func help(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.lines([
            "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "CREATE <key> <groupname> <id|$> [option]",
            "    Create a new consumer group. Options are:",
            "    * MKSTREAM",
            "      Create the empty stream if it does not exist.",
            "    * ENTRIESREAD entries_read",
            "      Set the group's entries_read counter (internal use).",
            "CREATECONSUMER <key> <groupname> <consumer>",
            "    Create a new consumer in the specified group.",
            "DELCONSUMER <key> <groupname> <consumer>",
            "    Remove the specified consumer.",
            "DESTROY <key> <groupname>",
            "    Remove the specified group.",
            "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
            "    Set the current group ID and entries_read counter.",
            "HELP",
            "    Print this help.",
        ])
    }
}
