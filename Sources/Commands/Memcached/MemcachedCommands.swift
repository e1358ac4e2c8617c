internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Requests of memcached's classic text protocol on items.
///
/// Their words are those that `MemcachedParser` makes, and their replies are memcached's.
public enum MemcachedCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("MEMCACHED.GET", arity: -2, [.memcached, .readonly, .noScript, .noMulti, .fast], keys: KeySpec.first([.ro, .access]), group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Returns an item to a client of memcached's protocols.", isInternal: true, get),
        DataCommand("MEMCACHED.GETS", arity: -2, [.memcached, .readonly, .noScript, .noMulti, .fast], keys: KeySpec.first([.ro, .access]), group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Returns an item and its version to a client of memcached's protocols.", isInternal: true, getWithVersion),
        DataCommand("MEMCACHED.GAT", arity: -3, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Returns an item and changes its expiry, for a client of memcached's protocols.", isInternal: true, getAndTouch),
        DataCommand("MEMCACHED.GATS", arity: -3, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Returns an item and its version and changes its expiry, for a client of memcached's protocols.", isInternal: true, getAndTouchWithVersion),
        DataCommand("MEMCACHED.SET", arity: 7, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.ow, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Stores an item for a client of memcached's protocols.", isInternal: true, set),
        DataCommand("MEMCACHED.ADD", arity: 7, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .insert]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Stores an item that does not exist, for a client of memcached's protocols.", isInternal: true, add),
        DataCommand("MEMCACHED.REPLACE", arity: 7, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Replaces an existing item, for a client of memcached's protocols.", isInternal: true, replace),
        DataCommand("MEMCACHED.APPEND", arity: 7, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .insert]), propagation: .own, group: .string, since: "1.0", complexity: "O(N) where N is the length of the item", syntax: "@key", summary: "Appends to an item, for a client of memcached's protocols.", isInternal: true, append),
        DataCommand("MEMCACHED.PREPEND", arity: 7, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .insert]), propagation: .own, group: .string, since: "1.0", complexity: "O(N) where N is the length of the item", syntax: "@key", summary: "Prepends to an item, for a client of memcached's protocols.", isInternal: true, prepend),
        DataCommand("MEMCACHED.CAS", arity: 7, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Stores an item unless it has changed, for a client of memcached's protocols.", isInternal: true, compareAndSet),
        DataCommand("MEMCACHED.DELETE", arity: 3, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rm, .delete]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Removes an item for a client of memcached's protocols.", isInternal: true, delete),
        DataCommand("MEMCACHED.INCR", arity: 4, [.memcached, .write, .denyOOM, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Adds to the number in an item, for a client of memcached's protocols.", isInternal: true, increment),
        DataCommand("MEMCACHED.DECR", arity: 4, [.memcached, .write, .denyOOM, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Subtracts from the number in an item, for a client of memcached's protocols.", isInternal: true, decrement),
        DataCommand("MEMCACHED.TOUCH", arity: 4, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Changes the expiry of an item, for a client of memcached's protocols.", isInternal: true, touch),
        DataCommand("MEMCACHED.SET_TOO_LARGE", arity: 4, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rm, .delete]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Removes the old item when a client of memcached's protocols sends a new one that is too large.", isInternal: true, refuseTooLarge),
        DataCommand("MEMCACHED.ERROR", arity: 2, [.memcached, .loading, .stale, .noScript, .noMulti, .fast, .noAuth, .skipMonitor], group: .string, since: "1.0", complexity: "O(1)", syntax: "", summary: "Rejects an invalid request of a client of memcached's protocols.", isInternal: true, tellError),
    ]
}

extension MemcachedCommands {
    // MARK: Retrieving

    /// `get key`: the item, and if it is the last one, the end of the reply.
    static func get(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.memcachedStatistics.add(.gets)
        if let slot = context.readItem(context.firstKey(arguments)) {
            context.memcachedStatistics.add(.getHits)
            context.noteFetch(slot)
            reply(arguments[1], slot.entry, cas: nil, &context.reply)
        } else {
            context.memcachedStatistics.add(.getMisses)
        }
        if arguments.count > 2 { context.reply.memcachedLine("END") }
    }

    /// `gets key`: as `get`, with the version.
    static func getWithVersion(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.memcachedStatistics.add(.gets)
        if var slot = context.readItem(context.firstKey(arguments)) {
            context.memcachedStatistics.add(.getHits)
            context.noteFetch(slot)
            let cas = context.version(of: &slot)
            reply(arguments[1], slot.entry, cas: cas, &context.reply)
        } else {
            context.memcachedStatistics.add(.getMisses)
        }
        if arguments.count > 2 { context.reply.memcachedLine("END") }
    }

    /// `gat exptime key`, with the words `gat key exptime`.
    static func getAndTouch(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { getAndTouch(arguments, withVersion: false, &context) }

    /// `gats exptime key`, with the words `gats key exptime`.
    static func getAndTouchWithVersion(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { getAndTouch(arguments, withVersion: true, &context) }

    private static func getAndTouch(
        _ arguments: Arguments,
        withVersion: Bool,
        _ context: inout CommandContext
    ) {
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.gets)
        context.memcachedStatistics.add(.touches)
        if var slot = context.readItem(key) {
            context.memcachedStatistics.add(.getHits)
            context.memcachedStatistics.add(.touchHits)
            context.noteFetch(slot)
            let cas = withVersion ? context.version(of: &slot) : nil
            reply(arguments[1], slot.entry, cas: cas, &context.reply)
            let seconds = MemcachedNumber.signed(arguments[2]) ?? 0
            touch(key, slot, MemcachedTime.expiry(seconds, now: context.now), &context)
        } else {
            context.memcachedStatistics.add(.getMisses)
            context.memcachedStatistics.add(.touchMisses)
        }
        if arguments.count > 3 { context.reply.memcachedLine("END") }
    }

    @inline(__always)
    private static func reply(
        _ key: Bytes,
        _ entry: Entry,
        cas: UInt64?,
        _ reply: inout ReplyWriter
    ) {
        let flags = entry.isItem ? entry.itemHead.flags : 0
        switch StringValue.content(entry) {
        case .bytes(let bytes): reply.memcachedValue(key, flags: flags, cas: cas, bytes)
        case .block(let block): reply.memcachedValue(key, flags: flags, cas: cas, block)
        case .integer(let number):
            DecimalText.withText(number) {
                reply.memcachedValue(key, flags: flags, cas: cas, $0)
            }
        }
    }

    // MARK: Storing

    /// `set key flags exptime bytes [noreply]`.
    static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let item = NewItem(arguments, context.now)
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.sets)
        item.put(key, at: context.find(key), &context)
        context.reply.memcachedLine("STORED", unless: !arguments[5].isEmpty)
    }

    /// `add key flags exptime bytes [noreply]`: whatever stands at the key keeps its place.
    static func add(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { store(arguments, if: .free, &context) }

    /// `replace key flags exptime bytes [noreply]`.
    static func replace(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { store(arguments, if: .taken, &context) }

    /// `cas key flags exptime bytes version [noreply]`.
    static func compareAndSet(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        store(arguments, if: .version(MemcachedNumber.unsigned(arguments[4])), &context)
    }

    private static func store(
        _ arguments: Arguments,
        if condition: NewItem.Condition,
        _ context: inout CommandContext
    ) {
        let item = NewItem(arguments, context.now)
        let reply: StaticString
        switch (item.store(context.firstKey(arguments), if: condition, &context), condition) {
        case (.stored, _): reply = "STORED"
        case (.changed, _): reply = "EXISTS"
        case (.missing, .version): reply = "NOT_FOUND"
        case (.missing, _), (.exists, _): reply = "NOT_STORED"
        }
        context.reply.memcachedLine(reply, unless: !arguments[5].isEmpty)
    }

    /// `append key flags exptime bytes [noreply]`: flags and time stay those of the item.
    static func append(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { extend(arguments, atEnd: true, &context) }

    /// `prepend key flags exptime bytes [noreply]`.
    static func prepend(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { extend(arguments, atEnd: false, &context) }

    private static func extend(
        _ arguments: Arguments,
        atEnd: Bool,
        _ context: inout CommandContext
    ) {
        let isQuiet = !arguments[5].isEmpty
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.sets)
        guard let slot = context.findItem(key),
            extend(key, slot, by: arguments[6], atEnd: atEnd, cas: 0, &context)
        else { return context.reply.memcachedLine("NOT_STORED", unless: isQuiet) }
        context.reply.memcachedLine("STORED", unless: isQuiet)
    }

    // MARK: Changing

    /// `delete key [0] [noreply]`.
    static func delete(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let isQuiet = !arguments[2].isEmpty
        guard let slot = context.find(key) else {
            context.memcachedStatistics.add(.deleteMisses)
            return context.reply.memcachedLine("NOT_FOUND", unless: isQuiet)
        }
        context.memcachedStatistics.add(.deleteHits)
        StringCommands.removeAsDue(key, slot, &context)
        context.reply.memcachedLine("DELETED", unless: isQuiet)
    }

    /// `incr key delta [noreply]`.
    static func increment(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { add(arguments, isSubtraction: false, &context) }

    /// `decr key delta [noreply]`.
    static func decrement(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { add(arguments, isSubtraction: true, &context) }

    private static func add(
        _ arguments: Arguments,
        isSubtraction: Bool,
        _ context: inout CommandContext
    ) {
        let isQuiet = !arguments[3].isEmpty
        guard let delta = MemcachedNumber.unsigned(arguments[2]) else {
            return context.reply.memcachedLine(
                "CLIENT_ERROR invalid numeric delta argument",
                unless: isQuiet
            )
        }
        let key = context.firstKey(arguments)
        guard let slot = context.findItem(key) else {
            context.memcachedStatistics.add(isSubtraction ? .decrMisses : .incrMisses)
            return context.reply.memcachedLine("NOT_FOUND", unless: isQuiet)
        }
        guard let old = number(slot.entry) else {
            return context.reply.memcachedLine(
                "CLIENT_ERROR cannot increment or decrement non-numeric value",
                unless: isQuiet
            )
        }
        context.memcachedStatistics.add(isSubtraction ? .decrHits : .incrHits)
        let sum = isSubtraction ? (old > delta ? old - delta : 0) : old &+ delta
        setNumber(key, sum, slot, &context)
        if !isQuiet { context.reply.memcachedLine(unsigned: sum) }
    }

    /// `touch key exptime [noreply]`.
    static func touch(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let isQuiet = !arguments[3].isEmpty
        guard let seconds = MemcachedNumber.signed(arguments[2]) else {
            return context.reply.memcachedLine(
                "CLIENT_ERROR invalid exptime argument",
                unless: isQuiet
            )
        }
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.touches)
        guard let slot = context.findItem(key) else {
            context.memcachedStatistics.add(.touchMisses)
            return context.reply.memcachedLine("NOT_FOUND", unless: isQuiet)
        }
        context.memcachedStatistics.add(.touchHits)
        touch(key, slot, MemcachedTime.expiry(seconds, now: context.now), &context)
        context.reply.memcachedLine("TOUCHED", unless: isQuiet)
    }

    // MARK: Refusing

    /// A value that is too large: an old one must not be taken for it.
    static func refuseTooLarge(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.tooLarge)
        if arguments[2] == Bytes(MemcachedCommand.set.name) {
            StringCommands.removeAsDue(key, context.find(key), &context)
        }
        context.reply.memcachedLine(
            "SERVER_ERROR object too large for cache",
            unless: !arguments[3].isEmpty
        )
    }

    /// A request that is none; an empty word asks for silence.
    static func tellError(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard !arguments[1].isEmpty else { return }
        context.reply.raw(arguments[1])
        context.reply.raw(Bytes("\r\n"))
    }
}

extension NewItem {
    /// The item in the words of a request of the text protocol.
    fileprivate init(_ arguments: Arguments, _ now: Int64) {
        let flags = MemcachedNumber.unsigned(arguments[2]) ?? 0
        let seconds = MemcachedNumber.signed(arguments[3]) ?? 0
        self.init(
            value: arguments[6],
            head: ItemHead(flags: UInt32(truncatingIfNeeded: flags)),
            expiry: MemcachedTime.expiry(seconds, now: now)
        )
    }
}
