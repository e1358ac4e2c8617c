internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Pending entries: acknowledging, releasing, listing.
public enum StreamPendingCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XACK", arity: -4, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .verbatim, group: .stream, since: "5.0.0", complexity: "O(log(N)) for each entry", syntax: "@key group id...", summary: "Acknowledges entries and returns how many were pending.", acknowledge),
        DataCommand("XACKDEL", arity: -6, [.write, .fast], keys: [.one(1, [.rw, .update, .delete])], propagation: .own, group: .stream, since: "8.2.0", complexity: "O(log(N)) for each entry", syntax: "@key group condition=[KEEPREF | DELREF | ACKED] ids=<IDS numids:i id...>", summary: "Acknowledges entries and removes them from the stream.", acknowledgeAndRemove),
        DataCommand("XNACK", arity: -7, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .verbatim, group: .stream, since: "8.8.0", complexity: "O(log(N)) for each entry", syntax: "@key group mode=(SILENT | FAIL | FATAL) ids=<IDS numids:i id...> [RETRYCOUNT count:i] [FORCE]", summary: "Releases pending entries, so that any consumer can claim them.", release),
        DataCommand("XPENDING", arity: -3, [.readonly], keys: [.one(1, [.ro, .access])], group: .stream, since: "5.0.0", complexity: "O(log(N)+M) with M entries returned, O(C) for the summary with C consumers", syntax: "@key group filters=[[IDLE min-idle-time:i] start end count:i [consumer]]", summary: "Returns which entries of a group are pending.", tips: ["nondeterministic_output"], pending),
    ]
}

extension StreamPendingCommands {
    /// The group named by words 1 and 2, or nil.
    private static func group(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> (stream: StreamValue, group: StreamGroup)? {
        guard let slot = try context.find(context.firstKey(arguments), .stream) else { return nil }
        let stream = StreamValue(slot)
        return stream.group(arguments[2]).map { (stream, $0) }
    }

    /// `XACK key group id [id …]`: the number of entries that were pending.
    static func acknowledge(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let (stream, group) = try group(arguments, &context) else {
            return context.reply.integer(0)
        }
        for index in 3..<arguments.count { _ = try StreamID(arguments[index]) }
        var acknowledged = 0
        for index in 3..<arguments.count {
            let id = try StreamID(arguments[index])
            guard let entry = stream.pendingEntry(group, id) else { continue }
            stream.removePending(entry, group)
            acknowledged += 1
        }
        context.changed(context.firstKey(arguments), .unnamed, by: acknowledged)
        context.reply.integer(acknowledged)
    }

    /// `XACKDEL key group [KEEPREF|DELREF|ACKED] IDS numids id [id …]`: a code per id.
    ///
    /// 1 if the entry was acknowledged and deleted, 2 if it must be kept, -1 if it was not pending.
    static func acknowledgeAndRemove(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let place = try group(arguments, &context)
        let block = try StreamIDBlock(arguments, from: 3)
        var removed = 0
        context.reply.array(block.count)
        for index in 0..<block.count {
            let id = try block.id(index, arguments)
            guard let (stream, group) = place, let entry = stream.pendingEntry(group, id) else {
                context.reply.integer(-1)
                continue
            }
            stream.removePending(entry, group)
            context.changed(key, .unnamed)
            context.logAcknowledged(id, key, arguments[2])
            let outcome = StreamCommands.remove(id, stream, key, block.references, &context)
            if outcome == 1 { removed += 1 }
            context.reply.integer(max(outcome, 1))
        }
        if removed > 0 { context.notify(key, .xDel) }
    }

    /// `XNACK key group SILENT|FAIL|FATAL IDS numids id [id …] [RETRYCOUNT count] [FORCE]`: the
    /// number of entries released.
    static func release(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let mode = arguments[3]
        let isSilent = mode.isWord("SILENT")
        let isFatal = mode.isWord("FATAL")
        guard isSilent || isFatal || mode.isWord("FAIL") else { throw .syntax }
        let block = try StreamIDBlock(arguments, from: 4, forRelease: true)
        guard let (stream, group) = try group(arguments, &context) else {
            throw .streamGroup(.keyOrGroupMissing(arguments[2], key: arguments[1]))
        }
        var released = 0
        for index in 0..<block.count {
            let id = try block.id(index, arguments)
            let entry: PendingEntry
            if let found = stream.pendingEntry(group, id) {
                entry = found
                stream.release(entry, group)
                if isSilent { entry.deliveries = max(entry.deliveries - 1, 0) }
            } else if block.isForced, stream.find(id) != nil {
                entry = stream.addPending(id, group, of: nil, time: 0, deliveries: 0)
            } else {
                continue
            }
            if isFatal { entry.deliveries = .max }
            if let count = block.retryCount { entry.deliveries = count }
            released += 1
        }
        context.changed(context.firstKey(arguments), .unnamed, by: released)
        context.reply.integer(released)
    }

    // MARK: Listing

    /// `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]`: a summary, or the
    /// pending entries.
    static func pending(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count == 3 || (6...9).contains(arguments.count) else { throw .syntax }
        let range = arguments.count == 3 ? nil : try PendingRange(arguments)
        guard let slot = try context.read(context.firstKey(arguments), .stream),
            let group = StreamValue(slot).group(arguments[2])
        else { throw .streamGroup(.keyOrGroupMissing(arguments[2], key: arguments[1])) }
        let stream = StreamValue(slot)
        if let range { return replyEntries(stream, group, range, &context) }
        context.reply.array(4)
        context.reply.integer(group.pending.count)
        guard let edges = stream.pendingEdges(group) else {
            context.reply.null()
            context.reply.null()
            return context.reply.nullArray()
        }
        context.reply.id(edges.first)
        context.reply.id(edges.last)
        let mark = context.reply.mark()
        var count = 0
        for index in 0..<stream.consumerCount(group) {
            let consumer = stream.consumer(group, at: index)
            guard consumer.pending.count > 0 else { continue }
            context.reply.array(2)
            context.reply.bulk(consumer.name)
            context.reply.bulk(decimal: Int64(consumer.pending.count))
            count += 1
        }
        context.reply.array(count, at: mark)
    }

    /// The words of the longer form of XPENDING.
    private struct PendingRange {
        let interval: StreamInterval
        let limit: Int64
        private(set) var idleMin: Int64 = 0
        private(set) var consumer: Bytes?

        init(_ arguments: Arguments) throws(CommandError) {
            var start = 3
            if arguments[3].isWord("IDLE") {
                idleMin = try arguments.integer(4)
                guard arguments.count >= 8 else { throw .syntax }
                start = 5
            }
            limit = max(try arguments.integer(start + 2), 0)
            interval = try StreamInterval(lower: arguments[start], upper: arguments[start + 1])
            if start + 3 < arguments.count { consumer = arguments[start + 3] }
        }
    }

    private static func replyEntries(
        _ stream: StreamValue,
        _ group: StreamGroup,
        _ range: PendingRange,
        _ context: inout CommandContext
    ) {
        var consumer: StreamConsumer?
        if let name = range.consumer {
            consumer = stream.consumer(group, name)
            if consumer == nil { return context.reply.array(0) }
        }
        let mark = context.reply.mark()
        let now = context.date
        var count = 0
        if range.limit > 0 {
            let interval = range.interval
            stream.walkPending(group, of: consumer, interval.lower, interval.upper) { entry in
                let idle = max(now - entry.time, 0)
                if idle < range.idleMin { return true }
                context.reply.array(4)
                context.reply.id(entry.id)
                context.reply.bulk(stream.consumerName(entry))
                context.reply.integer(entry.hasConsumer ? idle : -1)
                context.reply.integer(entry.deliveries)
                count += 1
                return count < range.limit
            }
        }
        context.reply.array(count, at: mark)
    }
}
