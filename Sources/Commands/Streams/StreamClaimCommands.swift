internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Claiming entries that are pending for another consumer.
public enum StreamClaimCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XCLAIM", arity: -6, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .own, group: .stream, since: "5.0.0", complexity: "O(log(N)) for each entry with N pending", syntax: "@key group consumer min-idle-time id... [IDLE ms:i] [TIME unix-time-milliseconds:t] [RETRYCOUNT count:i] [FORCE] [JUSTID] [LASTID lastid]", summary: "Assigns pending entries to a consumer.", tips: ["nondeterministic_output"], claim),
        DataCommand("XAUTOCLAIM", arity: -6, [.write, .fast], keys: [.one(1, [.rw, .delete])], propagation: .own, group: .stream, since: "6.2.0", complexity: "O(M*log(N)) with M entries examined and N pending", syntax: "@key group consumer min-idle-time start [COUNT count:i] [JUSTID]", summary: "Assigns pending entries from an id on to a consumer.", tips: ["nondeterministic_output"], claimFrom),
    ]
}

extension StreamClaimCommands {
    /// `XCLAIM key group consumer min-idle-time id [id …] [options]`: the claimed entries, or ids.
    static func claim(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.find(context.firstKey(arguments), .stream),
            let group = StreamValue(slot).group(arguments[2])
        else { throw .streamGroup(.keyOrGroupMissing(arguments[2], key: arguments[1])) }
        let options = try ClaimOptions(arguments, now: context.date)
        let stream = StreamValue(slot)
        let work = StreamGroupWork(
            stream: stream,
            group: group,
            key: context.firstKey(arguments),
            groupName: arguments[2]
        )
        let isAhead = options.lastID.map { $0 > group.lastID } ?? false
        if isAhead, let lastID = options.lastID {
            stream.raise(group, to: lastID)
            work.logProgress(&context)
        }
        var claim = Claim(work, arguments[3], &context)
        claim.time = options.time
        claim.retryCount = options.retryCount
        claim.isBare = options.isBare
        let mark = context.reply.mark()
        var count = 0
        for index in options.ids {
            let id = try StreamID(arguments[index])
            var pending = stream.pendingEntry(group, id)
            guard let item = stream.find(id) else {
                if let pending { claim.drop(pending, &context) }
                continue
            }
            if let pending, max(context.date - pending.time, 0) < options.idleMin { continue }
            if pending == nil, options.isForced {
                pending = stream.addPending(id, group, of: nil, time: 0, deliveries: 1)
            }
            guard let pending else { continue }
            claim.take(pending, item, &context)
            count += 1
        }
        // The record of a claim includes this, and counts for both.
        if isAhead, count == 0 { context.changed(work.key, .unnamed) }
        context.reply.array(count, at: mark)
    }

    /// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`: the next start,
    /// the claimed entries or ids, and the ids of pending entries that were deleted.
    static func claimFrom(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let idle = DecimalText.integer(arguments[4]) else {
            throw .streamGroup(.autoClaimIdleMin)
        }
        let start = try StreamInterval(lower: arguments[5], upper: Bytes("+")).lower
        var limit = 100
        var isBare = false
        var index = 6
        while index < arguments.count {
            if arguments[index].isWord("COUNT"), index + 1 < arguments.count {
                limit = try arguments.integer(
                    index + 1,
                    in: 1...Int64.max / 16,
                    or: .countNotPositive
                )
                index += 2
            } else if arguments[index].isWord("JUSTID") {
                isBare = true
                index += 1
            } else {
                throw .syntax
            }
        }
        guard let slot = try context.find(context.firstKey(arguments), .stream),
            let group = StreamValue(slot).group(arguments[2])
        else { throw .streamGroup(.keyOrGroupMissing(arguments[2], key: arguments[1])) }
        let work = StreamGroupWork(
            stream: StreamValue(slot),
            group: group,
            key: context.firstKey(arguments),
            groupName: arguments[2]
        )
        var claim = Claim(work, arguments[3], &context)
        claim.isBare = isBare
        claim.take(from: start, idleMin: max(idle, 0), limit: limit, &context)
    }
}

/// The options of XCLAIM.
private struct ClaimOptions {
    /// The range of the ids.
    let ids: Range<Int>
    /// The minimum idle time of an entry.
    let idleMin: Int64
    /// The delivery time to record.
    private(set) var time: Int64
    /// The delivery count to record.
    private(set) var retryCount: Int64?
    /// FORCE: also claim entries that are not pending.
    private(set) var isForced = false
    /// JUSTID: reply with ids only.
    private(set) var isBare = false
    /// LASTID: how far the group is known to have read.
    private(set) var lastID: StreamID?

    init(_ arguments: Arguments, now: Int64) throws(CommandError) {
        guard let idle = DecimalText.integer(arguments[4]) else {
            throw .streamGroup(.claimIdleMin)
        }
        idleMin = max(idle, 0)
        var end = 5
        while end < arguments.count, (try? StreamID(arguments[end])) != nil { end += 1 }
        ids = 5..<end
        time = now
        var index = end
        while index < arguments.count {
            let hasMore = index + 1 < arguments.count
            let word = arguments[index]
            if word.isWord("FORCE") {
                isForced = true
            } else if word.isWord("JUSTID") {
                isBare = true
            } else if hasMore {
                index += 1
                try readValue(arguments, index, of: word, now)
            } else {
                throw .streamGroup(.claimOption(word))
            }
            index += 1
        }
        if time < 0 || time > now { time = now }
    }

    private mutating func readValue(
        _ arguments: Arguments,
        _ index: Int,
        of word: Bytes,
        _ now: Int64
    ) throws(CommandError) {
        let number = DecimalText.integer(arguments[index])
        if word.isWord("IDLE") {
            guard let number else {
                throw .streamGroup(.claimIdle)
            }
            time = now &- number
        } else if word.isWord("TIME") {
            guard let number else {
                throw .streamGroup(.claimTime)
            }
            time = number
        } else if word.isWord("RETRYCOUNT") {
            guard let number else {
                throw .streamGroup(.claimRetryCount)
            }
            retryCount = number >= 0 ? number : nil
        } else if word.isWord("LASTID") {
            lastID = try StreamID(arguments[index])
        } else {
            throw .streamGroup(.claimOption(word))
        }
    }
}

/// The claims of one request; its consumer is created even if it gets nothing.
private struct Claim {
    /// The delivery time to record.
    var time: Int64
    /// The delivery count to record; nil: one more than before.
    var retryCount: Int64?
    /// Whether to reply with ids only, which does not count as a delivery.
    var isBare = false
    private let work: StreamGroupWork
    private let owner: StreamConsumer
    private let name: Bytes
    private let now: Int64
    private var isActive = false

    private var stream: StreamValue { work.stream }
    private var group: StreamGroup { work.group }

    init(_ work: StreamGroupWork, _ name: Bytes, _ context: inout CommandContext) {
        self.work = work
        self.name = name
        now = context.date
        time = now
        owner = work.consumer(name, &context)
        work.stream.note(owner, now: now, isActive: false)
    }

    /// Removes a pending entry whose entry was deleted.
    func drop(_ pending: PendingEntry, _ context: inout CommandContext) {
        let id = pending.id
        stream.removePending(pending, group)
        context.changed(work.key, .unnamed)
        work.logAcknowledged(id, &context)
    }

    /// Claims an entry and replies with it.
    mutating func take(
        _ pending: PendingEntry,
        _ item: StreamPack.Item,
        _ context: inout CommandContext
    ) {
        if !isActive { stream.note(owner, now: now, isActive: true) }
        isActive = true
        let deliveries = retryCount ?? (isBare ? pending.deliveries : pending.nextDeliveries)
        let moment = time == now ? stream.moment(group, now) : time
        stream.give(pending, group, to: owner, time: moment)
        pending.deliveries = deliveries
        context.changed(work.key, .unnamed)
        work.logPending(pending, of: name, &context)
        if isBare { context.reply.id(item.id) } else { context.reply.entry(item) }
    }

    /// Claims up to `limit` entries from `start` on that were idle for long enough, and replies.
    mutating func take(
        from start: StreamID,
        idleMin: Int64,
        limit: Int,
        _ context: inout CommandContext
    ) {
        let position = context.reply.buffer.count
        let mark = context.reply.mark()
        var gone = ReplyWriter(capacity: 64)
        var goneCount = 0
        var count = 0
        var looks = limit.multipliedReportingOverflow(by: 10).partialValue
        var next: StreamID? = start
        var pending = next.flatMap { stream.firstPending(group, from: $0) }
        while let entry = pending, looks > 0, count + goneCount < limit {
            looks -= 1
            let id = entry.id
            if let item = stream.find(id) {
                if max(now - entry.time, 0) >= idleMin {
                    take(entry, item, &context)
                    count += 1
                }
            } else {
                drop(entry, &context)
                gone.id(id)
                goneCount += 1
            }
            next = id.next
            pending = next.flatMap { stream.firstPending(group, from: $0) }
        }
        context.reply.array(count, at: mark)
        let bodyCount = context.reply.buffer.count - position
        context.reply.array(3)
        context.reply.id(pending?.id ?? .zero)
        context.reply.buffer.rotateTail(from: position, bodyCount: bodyCount)
        context.reply.array(goneCount)
        context.reply.raw(gone.buffer.bytes)
    }
}
