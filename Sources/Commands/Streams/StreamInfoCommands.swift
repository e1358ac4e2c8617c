internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Information about streams, groups and consumers.
public enum StreamInfoCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XINFO", arity: -2, [], group: .stream, since: "5.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands that describe streams.", help),
        DataCommand("XINFO STREAM", arity: -3, [.readonly], keys: [.one(2, [.ro, .access])], group: .stream, since: "5.0.0", complexity: "O(1), O(N) with FULL for N entries returned", syntax: "@key full-block=[FULL [COUNT count:i]]", summary: "Describes a stream.", stream),
        DataCommand("XINFO GROUPS", arity: 3, [.readonly], keys: [.one(2, [.ro, .access])], group: .stream, since: "5.0.0", complexity: "O(N) with N groups", syntax: "@key", summary: "Describes the consumer groups of a stream.", tips: ["nondeterministic_output"], groups),
        DataCommand("XINFO CONSUMERS", arity: 4, [.readonly], keys: [.one(2, [.ro, .access])], group: .stream, since: "5.0.0", complexity: "O(N) with N consumers", syntax: "@key group", summary: "Describes the consumers of a group.", tips: ["nondeterministic_output"], consumers),
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
        context.reply.map(limit == nil ? 16 : 15)
        writeSummary(stream, &context)
        if let limit {
            context.reply.bulk("entries")
            context.reply.entries(stream, .zero, .max, limit: limit)
            context.reply.bulk("groups")
            context.reply.array(stream.groupCount)
            for index in 0..<stream.groupCount {
                writeFull(stream, stream.group(at: index), limit, &context)
            }
        } else {
            context.reply.pair("groups", count: stream.groupCount)
            context.reply.bulk("first-entry")
            writeEdge(stream, last: false, &context)
            context.reply.bulk("last-entry")
            writeEdge(stream, last: true, &context)
        }
    }

    /// Writes the first or last entry, or null.
    private static func writeEdge(
        _ stream: StreamValue,
        last: Bool,
        _ context: inout CommandContext
    ) {
        guard stream.count > 0 else { return context.reply.null() }
        stream.walk(.zero, .max, reversed: last) {
            context.reply.entry($0)
            return false
        }
    }

    /// The maximum number of entries for FULL; nil without it.
    private static func entryLimit(_ arguments: Arguments) throws(CommandError) -> Int? {
        guard arguments.count > 3 else { return nil }
        guard arguments[3].isWord("FULL"), arguments.count == 4 || arguments.count == 6,
            arguments.count == 4 || arguments[4].isWord("COUNT")
        else {
            throw .streamWords(.infoWords(arguments[1]))
        }
        guard arguments.count == 6 else { return 10 }
        let count = try arguments.integer(5)
        return count < 0 ? 10 : count == 0 ? .max : Int(count)
    }

    /// Writes the part that both forms have in common.
    private static func writeSummary(_ stream: StreamValue, _ context: inout CommandContext) {
        context.reply.pair("length", count: stream.count)
        context.reply.pair("radix-tree-keys", count: stream.packCount)
        context.reply.pair("radix-tree-nodes", count: stream.packCount + 1)
        context.reply.pair("last-generated-id", id: stream.lastID)
        context.reply.pair("max-deleted-entry-id", id: stream.deletedIDMax)
        context.reply.pair("entries-added", count: stream.addedCount)
        context.reply.pair("recorded-first-entry-id", id: stream.firstID)
        writeMessages(stream, &context)
    }

    /// Writes the counters of remembered messages.
    private static func writeMessages(
        _ stream: StreamValue,
        _ context: inout CommandContext
    ) {
        let memory = stream.memory
        let duration = memory?.duration ?? StreamMemory.durationDefault
        let countMax = memory?.countMax ?? StreamMemory.countMaxDefault
        context.reply.pair("idmp-duration", count: duration)
        context.reply.pair("idmp-maxsize", count: countMax)
        context.reply.pair("pids-tracked", count: stream.producerCount)
        context.reply.pair("iids-tracked", count: stream.messageCount)
        context.reply.pair("iids-added", count: memory?.addedCount ?? 0)
        context.reply.pair("iids-duplicates", count: memory?.duplicateCount ?? 0)
    }

    /// Writes a group with its pending entries and consumers, for FULL.
    private static func writeFull(
        _ stream: StreamValue,
        _ group: StreamGroup,
        _ limit: Int,
        _ context: inout CommandContext
    ) {
        context.reply.map(7)
        context.reply.pair("name", name: group.name)
        writeProgress(stream, group, &context)
        context.reply.pair("pel-count", count: group.pending.count)
        context.reply.bulk("pending")
        writePending(stream, group, nil, limit, &context)
        context.reply.bulk("consumers")
        let count = stream.consumerCount(group)
        context.reply.array(count)
        for index in 0..<count {
            let consumer = stream.consumer(group, at: index)
            context.reply.map(5)
            context.reply.pair("name", name: consumer.name)
            context.reply.pair("seen-time", count: consumer.seen)
            context.reply.pair("active-time", count: consumer.active)
            context.reply.pair("pel-count", count: consumer.pending.count)
            context.reply.bulk("pending")
            writePending(stream, group, consumer, limit, &context)
        }
    }

    /// Writes up to `limit` pending entries; those of a single consumer without its name.
    private static func writePending(
        _ stream: StreamValue,
        _ group: StreamGroup,
        _ consumer: StreamConsumer?,
        _ limit: Int,
        _ context: inout CommandContext
    ) {
        let mark = context.reply.mark()
        var count = 0
        stream.walkPending(group, of: consumer, .zero, .max) { entry in
            context.reply.array(consumer == nil ? 4 : 3)
            context.reply.id(entry.id)
            if consumer == nil { context.reply.bulk(stream.consumerName(entry)) }
            context.reply.integer(entry.time)
            context.reply.integer(entry.deliveries)
            count += 1
            return count < limit
        }
        context.reply.array(count, at: mark)
    }

    /// Writes how far a group has read.
    private static func writeProgress(
        _ stream: StreamValue,
        _ group: StreamGroup,
        _ context: inout CommandContext
    ) {
        context.reply.pair("last-delivered-id", id: group.lastID)
        let readCount = group.readCount
        context.reply.pair("entries-read", count: readCount == -1 ? nil : readCount)
        context.reply.pair("lag", count: stream.lag(group))
    }

    /// `XINFO GROUPS key`: names and values of each group.
    static func groups(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.key(arguments[2]), .stream) else {
            throw .noSuchKey
        }
        let stream = StreamValue(slot)
        context.reply.array(stream.groupCount)
        for index in 0..<stream.groupCount {
            let group = stream.group(at: index)
            context.reply.map(6)
            context.reply.pair("name", name: group.name)
            context.reply.pair("consumers", count: stream.consumerCount(group))
            context.reply.pair("pending", count: group.pending.count)
            writeProgress(stream, group, &context)
        }
    }

    /// `XINFO CONSUMERS key group`: names and values of each consumer.
    static func consumers(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.key(arguments[2]), .stream) else {
            throw .noSuchKey
        }
        let stream = StreamValue(slot)
        guard let group = stream.group(arguments[3]) else {
            throw .streamGroup(.missing(arguments[3], key: arguments[2]))
        }
        let count = stream.consumerCount(group)
        context.reply.array(count)
        for index in 0..<count {
            let consumer = stream.consumer(group, at: index)
            context.reply.map(4)
            context.reply.pair("name", name: consumer.name)
            context.reply.pair("pending", count: consumer.pending.count)
            context.reply.pair("idle", count: max(context.date - consumer.seen, 0))
            context.reply.bulk("inactive")
            let isFresh = consumer.active == -1
            context.reply.integer(isFresh ? -1 : max(context.date - consumer.active, 0))
        }
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

extension ReplyWriter {
    /// Writes a name and a number; null if the number is unknown.
    fileprivate mutating func pair(_ key: StaticString, count: Int64?) {
        bulk(key)
        if let count { integer(count) } else { null() }
    }

    fileprivate mutating func pair(_ key: StaticString, count: Int) {
        pair(key, count: Int64(count))
    }

    fileprivate mutating func pair(_ key: StaticString, id: StreamID) {
        bulk(key)
        self.id(id)
    }

    fileprivate mutating func pair(_ key: StaticString, name: Bytes) {
        bulk(key)
        bulk(name)
    }
}
