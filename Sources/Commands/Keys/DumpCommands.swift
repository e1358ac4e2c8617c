internal import Persistence
internal import Primitives
public import Store
internal import Structures
internal import Wire

/// DUMP and RESTORE: values as bytes that any compatible server can read.
public enum DumpCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("DUMP", arity: 2, [.readonly], keys: [.one(1, [.ro, .access])], group: .generic, since: "2.6.0", complexity: "O(N) in the size of the value", syntax: "@key", summary: "Returns the serialized value at a key, for RESTORE.", tips: ["nondeterministic_output"], dump),
        DataCommand("RESTORE", arity: -4, [.write, .denyOOM], keys: [.one(1, [.ow, .update])], propagation: .own, group: .generic, categories: ["dangerous"], since: "2.6.0", complexity: "O(N) in the size of the value, O(N log N) for sorted sets", syntax: "@key ttl:i serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds:i] [FREQ frequency:i]", summary: "Creates a key from a value serialized by DUMP.", restore),
    ]
}

extension DumpCommands {
    /// `DUMP key`: the serialized value, or null.
    static func dump(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = context.read(context.firstKey(arguments)) else {
            return context.reply.null()
        }
        var writer = RDBWriter(compresses: true)
        write(slot, to: &writer)
        context.reply.bulk(writer.buffer.bytes)
    }

    /// The serialized value at `slot`.
    public static func payload(of slot: Shard.Slot) -> [UInt8] {
        var writer = RDBWriter(compresses: true)
        write(slot, to: &writer)
        return writer.buffer.bytes.array
    }

    private static func write(_ slot: Shard.Slot, to writer: inout RDBWriter) {
        let type = RDBWriter.type(of: slot)
        writer.buffer.append(type.rawValue)
        writer.value(of: slot)
        DumpPayload.seal(
            &writer,
            version: type == .hashWithExpiries ? RDBVersion.fieldExpiry : RDBVersion.usual
        )
    }

    // MARK: Restoring

    /// The options of RESTORE.
    private struct Options {
        var replaces = false
        var isAbsolute = false
        var idleSeconds: Int64?
        var frequency: UInt8?

        init(_ arguments: Arguments) throws(CommandError) {
            var index = 4
            while index < arguments.count {
                let hasValue = index + 1 < arguments.count
                if arguments[index].isWord("REPLACE") {
                    replaces = true
                } else if arguments[index].isWord("ABSTTL") {
                    isAbsolute = true
                } else if arguments[index].isWord("IDLETIME"), hasValue, frequency == nil {
                    index += 1
                    idleSeconds = try arguments.integer(index)
                    if idleSeconds.map({ $0 < 0 }) == true { throw .key(.restoredIdleTime) }
                } else if arguments[index].isWord("FREQ"), hasValue, idleSeconds == nil {
                    index += 1
                    guard let count = UInt8(exactly: try arguments.integer(index)) else {
                        throw .key(.restoredFrequency)
                    }
                    frequency = count
                } else {
                    throw .syntax
                }
                index += 1
            }
        }
    }

    /// `RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ count]`: OK.
    static func restore(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try Options(arguments)
        let key = context.firstKey(arguments)
        let taken = context.find(key) != nil
        if taken, !options.replaces { throw .key(.busy) }
        let expiry = try expiry(arguments, options, now: context.date)
        guard let payload = DumpPayload.open(arguments[3], checksSum: context.checksPayloads)
        else { throw .key(.restoredPayload) }
        let shard = context.shard(key)
        try read(payload, as: key, beside: taken, shard, &context)
        if let expiry, expiry <= context.now {
            guard let slot = shard.find(key) else { return context.reply.ok() }
            shard.remove(slot)
            if taken {
                context.changed(key, .del)
                context.log("DEL", key)
            }
            return context.reply.ok()
        }
        if let slot = shard.find(key) { finish(shard.setExpiry(slot, expiry), options, context) }
        context.changed(key, .restore)
        log(arguments, key, expiry, options, &context)
        context.reply.ok()
    }

    /// When the key expires, in milliseconds since 1970; nil if it does not.
    private static func expiry(
        _ arguments: Arguments,
        _ options: Options,
        now: Int64
    ) throws(CommandError) -> Int64? {
        let time = try arguments.integer(2)
        guard time >= 0 else { throw .key(.restoredExpiry) }
        guard time > 0 else { return nil }
        return options.isAbsolute ? time : Int64(clamping: time.addingSaturated(now))
    }

    /// Adds the value of `payload` as `key`, replacing an existing one.
    ///
    /// The old value is removed only after the new one has been read completely.
    private static func read(
        _ payload: Bytes,
        as key: Key,
        beside taken: Bool,
        _ shard: Shard,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard taken else { return try read(payload, as: key, shard, context) }
        var name = [UInt8](repeating: 0, count: 16)
        for index in name.indices {
            name[index] = UInt8(truncatingIfNeeded: context.random.next())
        }
        try name.withBytes { (bytes) throws(CommandError) in
            let place = Key(bytes, shard.hash(bytes))
            guard shard.find(place) == nil else { throw .key(.restoredData) }
            try read(payload, as: place, shard, context)
            if let old = shard.find(key) { shard.remove(old) }
            if let new = shard.find(place) { shard.insertMoved(new, as: key, expiry: nil, nil) }
        }
    }

    private static func read(
        _ payload: Bytes,
        as key: Key,
        _ shard: Shard,
        _ context: borrowing CommandContext
    ) throws(CommandError) {
        var reader = RDBReader(
            payload.dropFirst(1),
            stringBytesMax: context.limits.stringBytesMax
        )
        do throws(RDBFailure) {
            try reader.value(
                ofType: payload[0],
                as: key,
                RDBReader.Target(shard, context.limits.encoding, now: context.date)
            )
        } catch {
            throw .key(.restoredData)
        }
        guard reader.isAtEnd else {
            if let slot = shard.find(key) { shard.remove(slot) }
            throw .key(.restoredData)
        }
    }

    private static func finish(
        _ slot: Shard.Slot,
        _ options: Options,
        _ context: borrowing CommandContext
    ) {
        if let idle = options.idleSeconds, !context.accessClock.countsUses {
            slot.shard.setStamp(
                slot,
                AccessStamp(idleSeconds: idle, at: context.accessClock.second)
            )
        } else if let count = options.frequency, context.accessClock.countsUses {
            slot.shard.setStamp(slot, context.accessClock.stamp(frequency: count))
        }
    }

    private static func log(
        _ arguments: Arguments,
        _ key: Key,
        _ expiry: Int64?,
        _ options: Options,
        _ context: inout CommandContext
    ) {
        context.log("RESTORE") { record in
            record.word(key.bytes)
            record.word(expiry ?? 0)
            record.word(arguments[3])
            if options.replaces { record.word("REPLACE") }
            if expiry != nil { record.word("ABSTTL") }
            if let idle = options.idleSeconds {
                record.word("IDLETIME")
                record.word(idle)
            }
            if let count = options.frequency {
                record.word("FREQ")
                record.word(Int64(count))
            }
        }
    }
}
