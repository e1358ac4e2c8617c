internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Streams by entry: adding, reading, removing.
public enum StreamCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XADD", arity: -5, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], propagation: .own, group: .stream, since: "5.0.0", complexity: "O(1), O(N) when trimming removes N entries", syntax: "@key [NOMKSTREAM] condition=[KEEPREF | DELREF | ACKED] idmp=[IDMPAUTO pid | idmp=<IDMP pid iid>] trim=[strategy=(MAXLEN | MINID) operator=[equal== | approximately=~] threshold [LIMIT count:i]] id-selector=(auto-id=* | id) data=<field value>...", summary: "Appends an entry to a stream.", tips: ["nondeterministic_output"], add),
        DataCommand("XLEN", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro])], group: .stream, since: "5.0.0", complexity: "O(1)", syntax: "@key", summary: "Counts the entries of a stream.", count),
        DataCommand("XRANGE", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .stream, since: "5.0.0", complexity: "O(log(N)+M) with M entries returned", syntax: "@key start end [COUNT count:i]", summary: "Returns the entries between two ids, in ascending order.", range),
        DataCommand("XREVRANGE", arity: -4, [.readonly], keys: [.one(1, [.ro, .access])], group: .stream, since: "5.0.0", complexity: "O(log(N)+M) with M entries returned", syntax: "@key end start [COUNT count:i]", summary: "Returns the entries between two ids, in descending order.", rangeReversed),
        DataCommand("XDEL", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .delete])], propagation: .verbatim, group: .stream, since: "5.0.0", complexity: "O(log(N)) for each entry", syntax: "@key id...", summary: "Removes entries and returns how many existed.", remove),
        DataCommand("XDELEX", arity: -5, [.write, .fast], keys: [.one(1, [.rw, .delete])], propagation: .own, group: .stream, since: "8.2.0", complexity: "O(log(N)) for each entry", syntax: "@key condition=[KEEPREF | DELREF | ACKED] ids=<IDS numids:i id...>", summary: "Removes entries, with a choice of what happens to references in groups.", removeByRule),
        DataCommand("XTRIM", arity: -4, [.write], keys: [.one(1, [.rw, .delete])], propagation: .own, group: .stream, since: "5.0.0", complexity: "O(N) with N entries removed, by whole packs", syntax: "@key trim=<strategy=(MAXLEN | MINID) operator=[equal== | approximately=~] threshold [LIMIT count:i] condition=[KEEPREF | DELREF | ACKED]>", summary: "Removes entries at the front of a stream.", tips: ["nondeterministic_output"], trim),
        DataCommand("XSETID", arity: -3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], propagation: .verbatim, group: .stream, since: "5.0.0", complexity: "O(1)", syntax: "@key last-id [ENTRIESADDED entries-added:i] [MAXDELETEDID max-deleted-id]", summary: "Sets the last id and other metadata of a stream; used for replication.", setPast),
    ]
}

extension StreamCommands {
    // MARK: Adding

    /// `XADD key [options] id field value [field value …]`: the id of the entry, or null.
    static func add(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try StreamAddOptions(adding: arguments, context.limits)
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .stream)
        if slot == nil, options.needsPresent { return context.reply.null() }
        if let slot, let producer = options.producer {
            let known = StreamMessage(arguments, options).withName {
                StreamValue(slot).entry(
                    ofMessage: $0,
                    of: producer,
                    now: context.date,
                    counts: true
                )
            }
            if let known { return context.reply.id(known) }
        }
        let last = slot.map { StreamValue($0).lastID } ?? .zero
        let id = try nextID(options.identity, after: last, now: context.date)
        var byteCount = 0
        for index in options.start..<arguments.count { byteCount += arguments[index].count }
        guard byteCount <= Stream.packBytesMax else {
            throw .stream(.entryTooLarge)
        }
        let stream =
            slot.map { StreamValue($0) }
            ?? StreamValue.create(key, in: context.shard(key))
        stream.append(
            id,
            pairs: (arguments.count - options.start) / 2,
            byteCount: byteCount,
            context.limits.encoding
        ) { arguments[options.start + $0] }
        if let producer = options.producer {
            StreamMessage(arguments, options).withName {
                stream.noteMessage($0, of: producer, id, now: context.date)
            }
        }
        context.reply.id(id)
        context.changed(key, .xAdd)
        let trimmed = options.trim.map { stream.trim($0) } ?? 0
        if trimmed > 0 { context.notify(key, .xTrim) }
        if context.logs { log(arguments, options, id, trimmed > 0, stream, key, &context) }
    }

    /// Logs an added entry with its id, and a trim as the number of entries kept.
    private static func log(
        _ arguments: Arguments,
        _ options: StreamAddOptions,
        _ id: StreamID,
        _ isTrimmed: Bool,
        _ stream: StreamValue,
        _ key: Key,
        _ context: inout CommandContext
    ) {
        context.log("XADD") { record in
            record.word(key.bytes)
            if isTrimmed, let trim = options.trim { record.bound(trim, stream) }
            record.word(id)
            for index in options.start..<arguments.count { record.word(arguments[index]) }
        }
        guard let producer = options.producer else { return }
        StreamMessage(arguments, options).withName { name in
            context.log("XIDMPRECORD") { record in
                record.word(key.bytes)
                record.word(producer)
                record.word(name)
                record.word(id)
            }
        }
    }

    /// The id of the next entry of a stream with the last id `last`.
    private static func nextID(
        _ identity: StreamAddOptions.Identity,
        after last: StreamID,
        now: Int64
    ) throws(CommandError) -> StreamID {
        guard let next = last.next else {
            throw .stream(.idsExhausted)
        }
        var id = next
        switch identity {
        case .next:
            let milliseconds = UInt64(max(now, 0))
            if milliseconds > last.milliseconds { id = StreamID(milliseconds, 0) }
        case .within(let milliseconds):
            if milliseconds > last.milliseconds {
                id = StreamID(milliseconds, 0)
            } else if milliseconds < last.milliseconds {
                throw .stream(.idTooSmall)
            } else if next.milliseconds > milliseconds {
                throw .stream(.idTooSmall)
            }
        case .given(let wanted):
            guard wanted > last else { throw .stream(.idTooSmall) }
            id = wanted
        }
        return id
    }

    // MARK: Reading

    /// `XLEN key`: the number of entries.
    static func count(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .stream)
        context.reply.integer(slot.map { StreamValue($0).count } ?? 0)
    }

    /// `XRANGE key start end [COUNT count]`: the entries.
    static func range(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try range(arguments, reversed: false, &context) }

    /// `XREVRANGE key end start [COUNT count]`: the entries, last one first.
    static func rangeReversed(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try range(arguments, reversed: true, &context) }

    private static func range(
        _ arguments: Arguments,
        reversed: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let interval = try StreamInterval(
            lower: arguments[reversed ? 3 : 2],
            upper: arguments[reversed ? 2 : 3]
        )
        var limit: Int64 = .max
        var index = 4
        while index < arguments.count {
            guard arguments[index].isWord("COUNT"), index + 1 < arguments.count else {
                throw .syntax
            }
            limit = max(try arguments.integer(index + 1), 0)
            index += 2
        }
        guard let slot = try context.read(context.firstKey(arguments), .stream) else {
            return context.reply.array(0)
        }
        guard limit > 0 else { return context.reply.nullArray() }
        context.reply.entries(
            StreamValue(slot),
            interval.lower,
            interval.upper,
            limit: Int(limit),
            reversed: reversed
        )
    }

    // MARK: Removing

    /// `XDEL key id [id …]`: the number of entries removed.
    static func remove(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.find(context.firstKey(arguments), .stream) else {
            return context.reply.integer(0)
        }
        for index in 2..<arguments.count { _ = try StreamID(arguments[index]) }
        let stream = StreamValue(slot)
        var removed = 0
        for index in 2..<arguments.count {
            if stream.remove(try StreamID(arguments[index])) { removed += 1 }
        }
        context.changed(context.firstKey(arguments), .xDel, by: removed)
        context.reply.integer(removed)
    }

    /// `XDELEX key [KEEPREF|DELREF|ACKED] IDS numids id [id …]`: a code per id.
    ///
    /// 1 if the entry was deleted, 2 if it must be kept, -1 if it does not exist.
    static func removeByRule(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .stream)
        let block = try StreamIDBlock(arguments, from: 2)
        var removed = 0
        context.reply.array(block.count)
        for index in 0..<block.count {
            guard let slot else {
                context.reply.integer(-1)
                continue
            }
            let id = try block.id(index, arguments)
            let outcome = remove(id, StreamValue(slot), key, block.references, &context)
            if outcome == 1 { removed += 1 }
            context.reply.integer(outcome)
        }
        if removed > 0 { context.notify(key, .xDel) }
    }

    /// Deletes an entry by a rule and reports the change; returns the code for XDELEX.
    static func remove(
        _ id: StreamID,
        _ stream: StreamValue,
        _ key: Key,
        _ references: StreamReferences,
        _ context: inout CommandContext
    ) -> Int {
        guard stream.find(id) != nil else {
            if references == .delete { removeReferences(id, stream, key, &context) }
            return -1
        }
        switch references {
        case .keep: break
        case .delete: removeReferences(id, stream, key, &context)
        case .acknowledged:
            if stream.isReferenced(id) { return 2 }
        }
        guard stream.remove(id) else { return -1 }
        context.changed(key, .unnamed)
        context.logDeleted(id, key)
        return 1
    }

    /// Removes the pending entries for `id` from all groups.
    private static func removeReferences(
        _ id: StreamID,
        _ stream: StreamValue,
        _ key: Key,
        _ context: inout CommandContext
    ) {
        for index in 0..<stream.groupCount {
            let group = stream.group(at: index)
            guard let entry = stream.pendingEntry(group, id) else { continue }
            stream.removePending(entry, group)
            context.changed(key, .unnamed)
            context.logAcknowledged(id, key, group.name)
        }
    }

    /// `XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count]`: the number of entries removed.
    static func trim(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try StreamAddOptions(trimming: arguments, context.limits)
        let key = context.firstKey(arguments)
        guard let slot = try context.find(key, .stream),
            let trim = options.trim
        else { return context.reply.integer(0) }
        let stream = StreamValue(slot)
        let removed = stream.trim(trim)
        if removed > 0 {
            context.changed(key, .xTrim, by: removed)
            context.logTrim(trim, stream, key)
        }
        context.reply.integer(removed)
    }

    /// `XSETID key last-id [ENTRIESADDED count] [MAXDELETEDID id]`: OK.
    static func setPast(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let id = try StreamID(arguments[2])
        var addedCount: Int64?
        var deletedIDMax: StreamID?
        var index = 3
        while index < arguments.count {
            let hasMore = index + 1 < arguments.count
            if arguments[index].isWord("ENTRIESADDED"), hasMore {
                let number = try arguments.integer(index + 1)
                guard number >= 0 else {
                    throw .stream(.addedNegative)
                }
                addedCount = number
            } else if arguments[index].isWord("MAXDELETEDID"), hasMore {
                let deleted = try StreamID(arguments[index + 1])
                guard deleted <= id else {
                    throw .stream(.pastBelowGiven)
                }
                // No entry has the id zero, so it carries no information.
                deletedIDMax = deleted == .zero ? nil : deleted
            } else {
                throw .syntax
            }
            index += 2
        }
        guard let slot = try context.find(context.firstKey(arguments), .stream) else {
            throw .noSuchKey
        }
        try setPast(StreamValue(slot), id, addedCount, deletedIDMax)
        let key = context.firstKey(arguments)
        context.changed(key, .xSetID)
        if addedCount != nil { logPast(arguments, StreamValue(slot), key, &context) }
        context.reply.ok()
    }

    /// Logs XSETID and its effect on groups, which cannot have read more than was added.
    private static func logPast(
        _ arguments: Arguments,
        _ stream: StreamValue,
        _ key: Key,
        _ context: inout CommandContext
    ) {
        guard context.logs else { return }
        context.log("XSETID") { record in
            for index in 1..<arguments.count { record.word(arguments[index]) }
        }
        for index in 0..<stream.groupCount {
            context.logProgress(of: stream.group(at: index), key)
        }
    }

    private static func setPast(
        _ stream: StreamValue,
        _ id: StreamID,
        _ addedCount: Int64?,
        _ deletedIDMax: StreamID?
    ) throws(CommandError) {
        guard id >= stream.deletedIDMax else {
            throw .stream(.pastBelowDeleted)
        }
        if stream.count > 0 {
            guard id >= stream.lastEntryID else {
                throw .stream(.pastBelowLast)
            }
            if let addedCount, addedCount < Int64(stream.count) {
                throw .stream(.addedBelowCount)
            }
        }
        stream.setPast(lastID: id, addedCount: addedCount, deletedIDMax: deletedIDMax)
    }
}
