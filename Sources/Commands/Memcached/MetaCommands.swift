internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Requests of memcached's meta protocol.
public enum MetaCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("MEMCACHED.MG", arity: 3, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .variable]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Returns an item, or creates one, for a client of the meta protocol.", isInternal: true, get),
        DataCommand("MEMCACHED.MS", arity: 4, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .update, .variable]), propagation: .own, group: .string, since: "1.0", complexity: "O(1), O(N) when appending to an item of length N", syntax: "@key", summary: "Stores an item for a client of the meta protocol.", isInternal: true, set),
        DataCommand("MEMCACHED.MD", arity: 3, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .delete, .variable]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Removes an item, or marks it stale, for a client of the meta protocol.", isInternal: true, delete),
        DataCommand("MEMCACHED.MA", arity: 3, [.memcached, .write, .denyOOM, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Changes the number in an item for a client of the meta protocol.", isInternal: true, changeNumber),
        DataCommand("MEMCACHED.ME", arity: 3, [.memcached, .readonly, .noScript, .noMulti, .fast], keys: KeySpec.first([.ro]), group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Returns metadata of an item to a client of the meta protocol.", isInternal: true, tellFacts),
        DataCommand("MEMCACHED.MN", arity: -1, [.memcached, .readonly, .loading, .stale, .noScript, .noMulti, .fast], group: .string, since: "1.0", complexity: "O(1)", syntax: "", summary: "Replies to a client of the meta protocol.", isInternal: true, answer),
    ]
}

extension MetaCommands {
    /// `mn`.
    static func answer(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { context.reply.memcachedLine("MN") }

    // MARK: mg

    /// `mg key flags`.
    static func get(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let flags = MetaFlags(arguments[2])
        if let failure = flags.failure { return context.reply.memcachedLine(failure.text) }
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.metas)
        context.memcachedStatistics.add(.gets)
        var slot = context.peek(key)
        if let found = slot, !found.entry.isKind(.string) { slot = nil }
        let isNew = slot == nil && flags.vivifyTime != nil && context.peek(key) == nil
        if isNew, let seconds = flags.vivifyTime {
            // Whoever makes the item is the one to fetch its value.
            let head = ItemHead(cas: flags.newVersion ?? 0, state: .won)
            let expiry = MemcachedTime.expiry(seconds, now: context.now)
            context.storeItem(key, Bytes(), head, expiry: expiry, at: nil)
            slot = context.peek(key)
        }
        guard let slot else { return miss(key, flags, &context) }
        context.memcachedStatistics.add(isNew ? .getMisses : .getHits)
        hit(key, slot, flags, isNew: isNew, &context)
    }

    private static func miss(
        _ key: Key,
        _ flags: MetaFlags,
        _ context: inout CommandContext
    ) {
        context.memcachedStatistics.add(.getMisses)
        context.noteMiss(key)
        finish("EN", key, flags, isNominal: true, &context)
    }

    private static func hit(
        _ key: Key,
        _ found: Shard.Slot,
        _ flags: MetaFlags,
        isNew: Bool,
        _ context: inout CommandContext
    ) {
        var slot = found
        let idle =
            context.accessClock.countsUses
            ? 0 : context.accessClock.idleSeconds(slot.shard.stamp(slot))
        let wasFetched = slot.entry.isFetched
        context.statistics.add(.hits)
        if !flags.leavesNoTrace {
            context.noteUse(slot, isWrite: false)
            if !isNew { context.noteFetch(slot) }
        }
        let time = flags.time.map { MemcachedTime.expiry($0, now: context.now) }
        let isDue = time.map { $0.map { $0 <= context.now } ?? false } ?? false
        if let time, !isDue {
            setExpiry(key, &slot, time, &context)
        }
        var head = slot.entry.itemHead
        if flags.wantsVersion, head.cas == 0 {
            head.cas = context.version(of: &slot)
        }
        let isSent = head.state.contains(.won) && !isNew
        let isStale = head.state.contains(.stale)
        let isWon = isNew || !isSent && (isStale || recaches(slot.entry, flags, context.now))
        let showsValue = flags.wantsValue && flags.expectedVersion.map { $0 != head.cas } ?? true
        reply(
            key,
            slot.entry,
            flags,
            (idle, wasFetched && !isNew),
            showsValue: showsValue,
            marks: (isSent, isStale, isWon),
            &context
        )
        if isWon, !isNew {
            head.state.insert(.won)
            StringValue.setHead(slot, head, in: slot.shard)
            context.logHead(key, head)
        }
        if isDue { StringCommands.removeAsDue(key, context.peek(key), &context) }
    }

    /// Whether the item expires so soon that somebody should fetch a new value.
    private static func recaches(_ entry: Entry, _ flags: MetaFlags, _ now: Int64) -> Bool {
        guard let seconds = flags.recacheTime, let expiry = entry.expiry else { return false }
        return expiry < MemcachedTime.expiry(seconds, now: now) ?? now
    }

    /// Sets the expiry and goes on with the slot, as the entry may move.
    private static func setExpiry(
        _ key: Key,
        _ slot: inout Shard.Slot,
        _ expiry: Int64?,
        _ context: inout CommandContext
    ) {
        context.memcachedStatistics.add(.touches)
        context.memcachedStatistics.add(.touchHits)
        MemcachedCommands.touch(key, slot, expiry, &context)
        if let moved = context.peek(key) { slot = moved }
    }

    private static func reply(
        _ key: Key,
        _ entry: Entry,
        _ flags: MetaFlags,
        _ uses: (idle: Int64, wasFetched: Bool),
        showsValue: Bool,
        marks: (isSent: Bool, isStale: Bool, isWon: Bool),
        _ context: inout CommandContext
    ) {
        let content = StringValue.content(entry)
        let count = content.count
        var facts = describe(entry, context.now)
        facts.idleSeconds = uses.idle
        facts.wasFetched = uses.wasFetched
        if showsValue {
            context.reply.raw(Bytes("VA "))
            context.reply.buffer.append(unsigned: UInt64(count))
        } else {
            context.reply.raw(Bytes("HD"))
        }
        flags.reply(key.bytes, facts, &context.reply)
        if marks.isSent { context.reply.raw(Bytes(" Z")) }
        if marks.isStale { context.reply.raw(Bytes(" X")) }
        if marks.isWon { context.reply.raw(Bytes(" W")) }
        context.reply.memcachedLine("")
        guard showsValue else { return }
        if case .block(let block) = content {
            context.reply.data(block)
        } else {
            content.withBytes { context.reply.raw($0) }
        }
        context.reply.memcachedLine("")
    }

    private static func describe(_ entry: Entry, _ now: Int64) -> MetaFlags.Facts {
        let head = entry.itemHead
        return MetaFlags.Facts(
            byteCount: StringValue.count(entry),
            flags: head.flags,
            cas: head.cas,
            secondsLeft: entry.expiry.map { max(0, ($0 - now + 999) / 1000) }
        )
    }

    // MARK: ms

    /// `ms key bytes flags`, with the words `ms key flags value`.
    static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let flags = MetaFlags(arguments[2])
        if let failure = flags.failure { return context.reply.memcachedLine(failure.text) }
        let mode = flags.mode ?? UInt8(ascii: "S")
        let modes = Bytes("SEAPR")
        guard modes.firstIndex(of: mode) != nil else {
            return context.reply.memcachedLine("CLIENT_ERROR invalid mode for ms M token")
        }
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.metas)
        context.memcachedStatistics.add(.sets)
        let standing = context.find(key)
        let slot = standing.flatMap { $0.entry.isKind(.string) ? $0 : nil }
        var isStale = false
        if let expected = flags.expectedVersion {
            guard let slot else {
                context.memcachedStatistics.add(.casMisses)
                return finish("NF", key, flags, &context)
            }
            let current = slot.entry.itemHead.cas
            if current == 0 || current != expected {
                // A value whose version nobody knows is newer than those that are known.
                let newer = current == 0 ? context.nextVersion() : current
                isStale = flags.invalidates && expected < newer
                guard isStale else {
                    context.memcachedStatistics.add(.casMismatches)
                    return finish("EX", key, flags, &context)
                }
            } else {
                context.memcachedStatistics.add(.casHits)
            }
        }
        let cas = flags.newVersion ?? (flags.wantsVersion ? context.nextVersion() : 0)
        switch mode {
        case UInt8(ascii: "A"), UInt8(ascii: "P"):
            let isStored = extend(
                key,
                slot,
                flags,
                arguments[3],
                atEnd: mode == UInt8(ascii: "A"),
                isFree: standing == nil,
                cas,
                &context
            )
            return isStored
                ? succeed(key, flags, &context) : finish("NS", key, flags, &context)
        case UInt8(ascii: "E"):
            guard standing == nil else { return finish("NS", key, flags, &context) }
        case UInt8(ascii: "R"):
            guard slot != nil else { return finish("NS", key, flags, &context) }
        default: break
        }
        var head = ItemHead(flags: flags.clientFlags, cas: cas)
        var expiry = flags.time.flatMap { MemcachedTime.expiry($0, now: context.now) }
        if isStale, let slot {
            // An old value is better than none until the new one comes: its time stays.
            head.state = slot.entry.itemHead.state.intersection(.won).union(.stale)
            expiry = slot.entry.expiry
        }
        context.storeItem(key, arguments[3], head, expiry: expiry, at: standing)
        succeed(key, flags, &context)
    }

    /// Adds to an item, or makes one if the flags want that and the key is free.
    private static func extend(
        _ key: Key,
        _ slot: Shard.Slot?,
        _ flags: MetaFlags,
        _ value: Bytes,
        atEnd: Bool,
        isFree: Bool,
        _ cas: UInt64,
        _ context: inout CommandContext
    ) -> Bool {
        if let slot {
            return MemcachedCommands.extend(key, slot, by: value, atEnd: atEnd, cas: cas, &context)
        }
        guard isFree, let seconds = flags.vivifyTime else { return false }
        let head = ItemHead(flags: flags.clientFlags, cas: cas)
        let expiry = MemcachedTime.expiry(seconds, now: context.now)
        context.storeItem(key, value, head, expiry: expiry, at: nil)
        return true
    }

    /// Writes a reply of one line, with what the flags want of the item in `facts`; `isNominal`
    /// ones are left out for those who want silence.
    private static func finish(
        _ code: StaticString,
        _ key: Key,
        _ flags: MetaFlags,
        facts: MetaFlags.Facts? = nil,
        isNominal: Bool = false,
        _ context: inout CommandContext
    ) {
        if isNominal, flags.isQuiet { return }
        context.reply.raw(Bytes(code))
        flags.reply(key.bytes, facts, &context.reply)
        context.reply.memcachedLine("")
    }

    /// Replies to a request that has stored an item.
    private static func succeed(
        _ key: Key,
        _ flags: MetaFlags,
        _ context: inout CommandContext
    ) {
        let facts = context.peek(key).map { describe($0.entry, context.now) }
        finish("HD", key, flags, facts: facts, isNominal: true, &context)
    }

    // MARK: md

    /// `md key flags`.
    static func delete(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let flags = MetaFlags(arguments[2])
        guard flags.failure == nil else {
            return context.reply.memcachedLine("CLIENT_ERROR invalid or duplicate flag")
        }
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.metas)
        guard let slot = context.find(key) else {
            context.memcachedStatistics.add(.deleteMisses)
            return finish("NF", key, flags, isNominal: true, &context)
        }
        var head = slot.entry.isKind(.string) ? slot.entry.itemHead : ItemHead()
        if let expected = flags.expectedVersion, head.cas == 0 || head.cas != expected {
            return finish("EX", key, flags, &context)
        }
        context.memcachedStatistics.add(.deleteHits)
        guard flags.invalidates || flags.dropsValue, slot.entry.isKind(.string) else {
            StringCommands.removeAsDue(key, slot, &context)
            return finish("HD", key, flags, isNominal: true, &context)
        }
        if flags.invalidates { head.state = .stale }
        head.cas = flags.newVersion ?? context.nextVersion()
        let expiry =
            flags.time.map { MemcachedTime.expiry($0, now: context.now) } ?? slot.entry.expiry
        if flags.dropsValue {
            head.flags = 0
            context.storeItem(key, Bytes(), head, expiry: expiry, at: slot)
        } else {
            StringValue.setHead(slot, head, in: slot.shard)
            context.changed(key, .set)
            context.logHead(key, head)
            if let moved = context.peek(key) {
                MemcachedCommands.touch(key, moved, expiry, &context)
            }
        }
        finish("HD", key, flags, isNominal: true, &context)
    }

    // MARK: ma

    /// `ma key flags`.
    static func changeNumber(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let flags = MetaFlags(arguments[2])
        guard flags.failure == nil else {
            return context.reply.memcachedLine("CLIENT_ERROR invalid or duplicate flag")
        }
        let isSubtraction: Bool
        switch flags.mode ?? UInt8(ascii: "I") {
        case UInt8(ascii: "I"), UInt8(ascii: "+"): isSubtraction = false
        case UInt8(ascii: "D"), UInt8(ascii: "-"): isSubtraction = true
        default:
            return context.reply.memcachedLine("CLIENT_ERROR invalid mode for ma M token")
        }
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.metas)
        let cas = flags.newVersion ?? (flags.wantsVersion ? context.nextVersion() : 0)
        guard let slot = context.findItem(key) else {
            context.memcachedStatistics.add(isSubtraction ? .decrMisses : .incrMisses)
            guard let seconds = flags.vivifyTime, context.peek(key) == nil else {
                return finish("NF", key, flags, isNominal: true, &context)
            }
            let expiry = MemcachedTime.expiry(seconds, now: context.now)
            var text = ByteBuffer()
            text.append(unsigned: flags.initial)
            context.storeItem(key, text.bytes, ItemHead(cas: cas), expiry: expiry, at: nil)
            return replyNumber(key, flags, flags.initial, &context)
        }
        let current = slot.entry.itemHead.cas
        if let expected = flags.expectedVersion, current == 0 || current != expected {
            return finish("EX", key, flags, &context)
        }
        guard let old = MemcachedCommands.number(slot.entry) else {
            return context.reply.memcachedLine(
                "CLIENT_ERROR cannot increment or decrement non-numeric value"
            )
        }
        context.memcachedStatistics.add(isSubtraction ? .decrHits : .incrHits)
        let delta = flags.delta
        let sum = isSubtraction ? (old > delta ? old - delta : 0) : old &+ delta
        MemcachedCommands.setNumber(key, sum, slot, cas: cas, &context)
        if let time = flags.time, let moved = context.peek(key) {
            let expiry = MemcachedTime.expiry(time, now: context.now)
            MemcachedCommands.touch(key, moved, expiry, &context)
        }
        replyNumber(key, flags, sum, &context)
    }

    private static func replyNumber(
        _ key: Key,
        _ flags: MetaFlags,
        _ number: UInt64,
        _ context: inout CommandContext
    ) {
        guard !flags.isQuiet else { return }
        var text = ByteBuffer()
        text.append(unsigned: number)
        if flags.wantsValue {
            context.reply.raw(Bytes("VA "))
            context.reply.buffer.append(unsigned: UInt64(text.count))
        } else {
            context.reply.raw(Bytes("HD"))
        }
        var facts = context.peek(key).map { describe($0.entry, context.now) }
        facts?.byteCount = text.count
        flags.reply(key.bytes, facts, &context.reply)
        context.reply.memcachedLine("")
        guard flags.wantsValue else { return }
        context.reply.raw(text.bytes)
        context.reply.memcachedLine("")
    }

    // MARK: me

    /// `me key [b]`.
    static func tellFacts(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let flags = MetaFlags(arguments[2])
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.metas)
        guard let slot = context.peek(key), slot.entry.isKind(.string) else {
            return context.reply.memcachedLine("EN")
        }
        let entry = slot.entry
        let facts = describe(entry, context.now)
        let idle =
            context.accessClock.countsUses
            ? 0 : context.accessClock.idleSeconds(slot.shard.stamp(slot))
        var line = ByteBuffer()
        line.append("ME ")
        if flags.isBinaryKey {
            Base64.append(key.bytes, to: &line)
        } else {
            line.append(key.bytes)
        }
        line.append(" exp=")
        line.append(decimal: facts.secondsLeft.map { -$0 } ?? -1)
        line.append(" la=")
        line.append(decimal: idle)
        line.append(" cas=")
        line.append(unsigned: facts.cas)
        line.append(entry.isFetched ? " fetch=yes" : " fetch=no")
        line.append(" cls=")
        line.append(decimal: Int64(SizeClasses.index(max(1, entry.byteCount)) + 1))
        line.append(" size=")
        line.append(decimal: Int64(entry.byteCount))
        context.reply.raw(line.bytes)
        context.reply.memcachedLine("")
    }
}
