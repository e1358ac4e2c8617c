internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Reading streams as a consumer of a group.
public enum StreamGroupReadCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XREADGROUP", arity: -7, [.write, .blocking, .movableKeys], keys: [KeySpec(.keyword("STREAMS", from: 4), .range(last: -1, step: 1, limit: 2), [.ro, .access, .incomplete])], propagation: .own, group: .stream, since: "5.0.0", complexity: "O(M*log(N)) for each stream with M entries returned and N pending", syntax: "group-block=<GROUP group consumer> [COUNT count:i] [MAXCOUNT maxcount:i] [MAXSIZE maxsize:i] [BLOCK milliseconds:i] [CLAIM min-idle-time:i] [NOACK] streams=<STREAMS @key... id...>", summary: "Returns entries of streams that a group has not read or a consumer has not acknowledged; may block until there are some.", blocking: BlockingHandler(kind: .stream, endsWithKey: true, run: read, serve: serve)),
    ]
}

extension StreamGroupReadCommands {
    /// `XREADGROUP GROUP group consumer [options] STREAMS key [key …] id [id …]`: for each stream
    /// with entries to return, its key and the entries; null if there are none, or on timeout.
    private static func read(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let options = try StreamReadOptions(arguments, inGroup: true)
        let deadline = try options.deadline(context)
        guard let reader = options.reader else { throw .syntax }
        for index in 0..<options.streamCount {
            _ = try place(arguments, options, reader, index, &context)
        }
        let mark = context.reply.mark()
        var served = 0
        var reading = Reading(options, reader.consumer, now: context.date)
        for index in 0..<options.streamCount where !reading.budget.isSpent {
            if try read(arguments, options, reader, index, &reading, &context) { served += 1 }
        }
        if served == 0, let deadline, context.mayWait {
            // Entries pending for other consumers may be claimed once they have been idle for long
            // enough.
            context.lookAgainMilliseconds = options.claimIdleMin.map { min(max($0, 10), 100) }
            return context.waitForValue(until: deadline)
        }
        context.reply.streams(served, at: mark)
        return .done
    }

    /// Serves a blocked request with the entries of the stream at `key`.
    private static func serve(
        _ arguments: Arguments,
        _ key: Key,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        let options = try StreamReadOptions(arguments, inGroup: true)
        guard let reader = options.reader, let index = options.index(of: key.bytes, arguments)
        else { return false }
        let mark = context.reply.mark()
        var reading = Reading(options, reader.consumer, now: context.date)
        guard try read(arguments, options, reader, index, &reading, &context) else { return false }
        context.reply.streams(1, at: mark)
        return true
    }

    /// Replies with the key and the entries of stream `index`; returns false if there are none.
    private static func read(
        _ arguments: Arguments,
        _ options: StreamReadOptions,
        _ reader: StreamReadOptions.Reader,
        _ index: Int,
        _ reading: inout Reading,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        let place = try place(arguments, options, reader, index, &context)
        let work = StreamGroupWork(
            stream: place.stream,
            group: place.group,
            key: context.key(arguments[options.firstKey + index]),
            groupName: reader.group
        )
        let position = context.reply.buffer.count
        context.reply.streamHead(work.key.bytes)
        if let after = place.after {
            reading.history(work, after: after, &context)
            return true
        }
        if reading.next(work, &context) { return true }
        context.reply.truncate(to: position)
        return false
    }

    /// Where to read stream `index`: nil for new entries, otherwise pending ones after the id.
    private static func place(
        _ arguments: Arguments,
        _ options: StreamReadOptions,
        _ reader: StreamReadOptions.Reader,
        _ index: Int,
        _ context: inout CommandContext
    ) throws(CommandError) -> (stream: StreamValue, group: StreamGroup, after: StreamID?) {
        let key = arguments[options.firstKey + index]
        guard let slot = try context.find(context.key(key), .stream),
            let group = StreamValue(slot).group(reader.group)
        else {
            throw .streamGroup(.readerMissing(reader.group, key: key))
        }
        let stream = StreamValue(slot)
        let word = arguments[options.firstKey + options.streamCount + index]
        guard word.count == 1 else { return (stream, group, try StreamID(word)) }
        switch word[0] {
        case UInt8(ascii: ">"): return (stream, group, nil)
        case UInt8(ascii: "$"), UInt8(ascii: "+"):
            throw .streamGroup(.meaninglessID(word))
        default: return (stream, group, try StreamID(word))
        }
    }
}

/// The state of a request that reads several streams.
private struct Reading {
    /// How much may still be returned.
    var budget: StreamReadBudget
    private let name: Bytes
    private let now: Int64
    private let isUnacknowledged: Bool
    private let claimIdleMin: Int64?

    init(_ options: StreamReadOptions, _ name: Bytes, now: Int64) {
        self.name = name
        budget = options.budget
        isUnacknowledged = options.isUnacknowledged
        claimIdleMin = options.claimIdleMin
        self.now = now
    }

    /// Replies with a consumer's pending entries after an id, which counts as a delivery.
    mutating func history(
        _ work: StreamGroupWork,
        after: StreamID,
        _ context: inout CommandContext
    ) {
        let (stream, group) = (work.stream, work.group)
        let consumer = work.consumer(name, &context)
        stream.note(consumer, now: now, isActive: false)
        let mark = context.reply.mark()
        let limit = budget.limit
        var delivered = 0
        var count = 0
        if let from = after.next {
            stream.walkPending(group, of: consumer, from, .max) { pending in
                let position = context.reply.buffer.count
                let item = stream.find(pending.id)
                if let item {
                    context.reply.entry(item)
                } else {
                    context.reply.array(2)
                    context.reply.id(pending.id)
                    context.reply.nullArray()
                }
                guard budget.take(context.reply.buffer.count - position) else {
                    context.reply.truncate(to: position)
                    return false
                }
                if item != nil {
                    let time = stream.moment(group, now)
                    let deliveries = pending.nextDeliveries
                    stream.setDelivery(pending, group, time: time, deliveries: deliveries)
                    delivered += 1
                    work.logPending(pending, of: name, &context)
                }
                count += 1
                return count < limit
            }
        }
        if delivered > 0 { context.changed(work.key, .unnamed) }
        context.reply.array(count, at: mark)
    }

    /// Replies with entries that have been idle for too long, if requested, and with new ones.
    ///
    /// Returns whether the stream is part of the reply.
    mutating func next(_ work: StreamGroupWork, _ context: inout CommandContext) -> Bool {
        let (stream, group) = (work.stream, work.group)
        let hasNew = stream.lastID > group.lastID && stream.lastEntryID > group.lastID
        let oldest = claimIdleMin == nil ? nil : stream.oldestPending(group)
        let hasIdle = oldest.map { isIdle($0) } ?? false
        // The consumer is created on the first attempt, as in Redis 7.2 and later.
        let consumer = work.consumer(name, &context)
        stream.note(consumer, now: now, isActive: false)
        guard hasNew || hasIdle else { return false }
        let mark = context.reply.mark()
        var count = hasIdle ? claim(work, consumer, &context) : 0
        guard hasNew || count > 0 else { return false }
        if hasNew, count < budget.limit { count += fresh(work, consumer, count, &context) }
        if count > 0 {
            stream.note(consumer, now: now, isActive: true)
            context.changed(work.key, .unnamed)
        }
        context.reply.array(count, at: mark)
        return true
    }

    private func isIdle(_ pending: PendingEntry) -> Bool {
        max(now &- pending.time, 0) >= claimIdleMin ?? 0
    }

    /// Claims pending entries, those idle for longest first.
    private mutating func claim(
        _ work: StreamGroupWork,
        _ consumer: StreamConsumer,
        _ context: inout CommandContext
    ) -> Int {
        let (stream, group) = (work.stream, work.group)
        var count = 0
        let limit = budget.limit
        // A claimed entry moves to the other end of the list, so each is visited once.
        for _ in 0..<group.pending.count {
            guard count < limit, let pending = stream.oldestPending(group), isIdle(pending) else {
                break
            }
            guard let item = stream.find(pending.id) else {
                let id = pending.id
                stream.removePending(pending, group)
                context.changed(work.key, .unnamed)
                work.logAcknowledged(id, &context)
                continue
            }
            let position = context.reply.buffer.count
            context.reply.array(4)
            context.reply.id(item.id)
            context.reply.words(item)
            context.reply.integer(max(now - pending.time, 0))
            context.reply.integer(pending.deliveries)
            guard budget.take(context.reply.buffer.count - position) else {
                context.reply.truncate(to: position)
                break
            }
            stream.give(pending, group, to: consumer, time: stream.moment(group, now))
            pending.deliveries = pending.nextDeliveries
            work.logPending(pending, of: name, &context)
            count += 1
        }
        return count
    }

    /// Delivers entries that the group has not read, in addition to `before` others of the stream.
    private mutating func fresh(
        _ work: StreamGroupWork,
        _ consumer: StreamConsumer,
        _ before: Int,
        _ context: inout CommandContext
    ) -> Int {
        let (stream, group) = (work.stream, work.group)
        // Deliveries are recorded outside of the walk over the stream, 64 at a time.
        var ids = InlineArray<64, StreamID>(repeating: .zero)
        let limit = min(budget.perStream - before, budget.entries)
        var total = 0
        var from = group.lastID.next
        while let lower = from, total < limit {
            var count = 0
            let wanted = min(limit - total, 64)
            stream.walk(lower, .max) { item in
                let position = context.reply.buffer.count
                write(item, &context.reply)
                guard budget.take(context.reply.buffer.count - position) else {
                    context.reply.truncate(to: position)
                    return false
                }
                ids[count] = item.id
                count += 1
                return count < wanted
            }
            for index in 0..<count {
                stream.deliver(
                    ids[index],
                    group,
                    to: consumer,
                    now: now,
                    isPending: !isUnacknowledged
                )
                guard context.logs, !isUnacknowledged,
                    let entry = stream.pendingEntry(group, ids[index])
                else { continue }
                work.logPending(entry, of: name, &context)
            }
            total += count
            from = count == 64 ? ids[63].next : nil
        }
        if total > 0 { work.logProgress(&context) }
        return total
    }

    /// Writes an entry, with CLAIM in the format for claimed entries.
    private func write(_ item: StreamPack.Item, _ reply: inout ReplyWriter) {
        guard claimIdleMin != nil else { return reply.entry(item) }
        reply.array(4)
        reply.id(item.id)
        reply.words(item)
        reply.integer(0)
        reply.integer(0)
    }
}
