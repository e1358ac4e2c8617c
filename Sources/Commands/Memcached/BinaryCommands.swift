internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Requests of memcached's binary protocol on items, with the words that `BinaryParser` makes.
///
/// Replies tell the version of an item, which gets one if it has none; quiet requests do not, and
/// leave the item without.
public enum BinaryCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("MEMCACHED.BINARY_GET", arity: 5, [.memcached, .readonly, .noScript, .noMulti, .fast], keys: KeySpec.first([.ro, .access]), group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Returns an item to a client of memcached's binary protocol.", isInternal: true, get),
        DataCommand("MEMCACHED.BINARY_TOUCH", arity: 5, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Says how long an item stays and may return it, for a client of memcached's binary protocol.", isInternal: true, touch),
        DataCommand("MEMCACHED.BINARY_SET", arity: 5, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .update, .variable]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Stores an item in each of the ways of memcached's binary protocol.", isInternal: true, set),
        DataCommand("MEMCACHED.BINARY_APPEND", arity: 5, [.memcached, .write, .denyOOM, .noScript, .noMulti], keys: KeySpec.first([.rw, .insert]), propagation: .own, group: .string, since: "1.0", complexity: "O(N) where N is the length of the item", syntax: "@key", summary: "Adds to either end of an item, for a client of memcached's binary protocol.", isInternal: true, extend),
        DataCommand("MEMCACHED.BINARY_DELETE", arity: 5, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rm, .delete]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Removes an item for a client of memcached's binary protocol.", isInternal: true, delete),
        DataCommand("MEMCACHED.BINARY_INCR", arity: 5, [.memcached, .write, .denyOOM, .noScript, .noMulti, .fast], keys: KeySpec.first([.rw, .access, .update]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Changes the number in an item, for a client of memcached's binary protocol.", isInternal: true, changeNumber),
        DataCommand("MEMCACHED.BINARY_TOO_LARGE", arity: 5, [.memcached, .write, .noScript, .noMulti, .fast], keys: KeySpec.first([.rm, .delete]), propagation: .own, group: .string, since: "1.0", complexity: "O(1)", syntax: "@key", summary: "Removes the item in place of which a client of memcached's binary protocol wanted too large a one.", isInternal: true, refuseTooLarge),
        DataCommand("MEMCACHED.BINARY_NOOP", arity: 5, [.memcached, .readonly, .loading, .stale, .noScript, .noMulti, .fast], group: .string, since: "1.0", complexity: "O(1)", syntax: "", summary: "Answers a client of memcached's binary protocol.", isInternal: true, answer),
    ]
}

/// The words of a request.
private struct BinaryRequest {
    let header: BinaryHeader
    let opcode: BinaryOpcode
    let key: Bytes
    let extras: Bytes
    let value: Bytes

    init(_ arguments: Arguments) {
        header = BinaryHeader(arguments[2])
        guard let opcode = BinaryOpcode(rawValue: header.opcode) else {
            preconditionFailure("the parser knows the opcode")
        }
        self.opcode = opcode
        key = arguments[1]
        extras = arguments[3]
        value = arguments[4]
    }

    /// The expiry in the extras, which counts from 1970 where it is large, and is never negative.
    func expiry(at offset: Int, now: Int64) -> Int64? {
        MemcachedTime.expiry(Int64(extras.bigEndian(offset, as: UInt32.self)), now: now)
    }

    /// Whether the version of the item at `slot` is the one that the request demands, if any.
    func accepts(_ slot: Shard.Slot) -> Bool {
        guard header.cas != 0 else { return true }
        return slot.entry.isKind(.string) && slot.entry.itemHead.cas == header.cas
    }
}

extension BinaryCommands {
    // MARK: Retrievals

    /// Get, and its forms: the reply has the flags as extras.
    static func get(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = BinaryRequest(arguments)
        context.memcachedStatistics.add(.gets)
        guard var slot = context.readItem(context.firstKey(arguments)) else {
            context.memcachedStatistics.add(.getMisses)
            return miss(request, &context)
        }
        context.memcachedStatistics.add(.getHits)
        context.noteFetch(slot)
        let cas = context.version(of: &slot)
        answer(request, slot.entry, cas: cas, &context.reply)
    }

    /// Touch, and get-and-touch in its forms: the extras are the time.
    static func touch(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = BinaryRequest(arguments)
        let key = context.firstKey(arguments)
        let isRetrieval = request.opcode != .touch
        context.memcachedStatistics.add(.touches)
        if isRetrieval { context.memcachedStatistics.add(.gets) }
        guard var slot = isRetrieval ? context.readItem(key) : context.findItem(key) else {
            context.memcachedStatistics.add(.touchMisses)
            if isRetrieval { context.memcachedStatistics.add(.getMisses) }
            return miss(request, &context)
        }
        context.memcachedStatistics.add(.touchHits)
        if isRetrieval {
            context.memcachedStatistics.add(.getHits)
            context.noteFetch(slot)
        }
        let cas = context.version(of: &slot)
        answer(request, slot.entry, cas: cas, &context.reply)
        let expiry = request.expiry(at: 0, now: context.now)
        MemcachedCommands.touch(key, slot, expiry, &context)
    }

    private static func miss(_ request: BinaryRequest, _ context: inout CommandContext) {
        if request.opcode.isQuiet { return }
        guard request.opcode.returnsKey else { return fail(request, .notFound, &context) }
        context.reply.binaryHead(request.header, .notFound, key: request.key, valueCount: 0)
    }

    private static func answer(
        _ request: BinaryRequest,
        _ entry: Entry,
        cas: UInt64,
        _ reply: inout ReplyWriter
    ) {
        let flags = entry.itemHead.flags
        let key = request.opcode.returnsKey ? request.key : Bytes()
        let header = request.header
        guard request.opcode != .touch else {
            return reply.binaryHead(header, extras: flags, valueCount: 0, cas: cas)
        }
        let content = StringValue.content(entry)
        reply.binaryHead(header, extras: flags, key: key, valueCount: content.count, cas: cas)
        if case .block(let block) = content {
            reply.data(block)
        } else {
            content.withBytes { reply.raw($0) }
        }
    }

    // MARK: Storing

    /// Set, add, replace and their quiet forms: the extras are flags and time.
    static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = BinaryRequest(arguments)
        let cas = request.opcode.isQuiet ? 0 : context.nextVersion()
        let item = NewItem(
            value: request.value,
            head: ItemHead(flags: request.extras.bigEndian(0, as: UInt32.self), cas: cas),
            expiry: request.expiry(at: 4, now: context.now),
            logsVersion: false
        )
        let key = context.firstKey(arguments)
        let outcome: NewItem.Outcome
        if request.header.cas != 0 {
            outcome = item.store(key, if: .version(request.header.cas), &context)
        } else {
            switch request.opcode.plain {
            case .add: outcome = item.store(key, if: .free, &context)
            case .replace: outcome = item.store(key, if: .taken, &context)
            default:
                context.memcachedStatistics.add(.sets)
                item.put(key, at: context.find(key), &context)
                outcome = .stored
            }
        }
        switch outcome {
        case .stored: succeed(request, cas: cas, &context)
        case .exists, .changed: fail(request, .exists, &context)
        case .missing: fail(request, .notFound, &context)
        }
    }

    /// Append, prepend and their quiet forms: flags and time stay those of the item.
    static func extend(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = BinaryRequest(arguments)
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.sets)
        guard let slot = context.findItem(key) else { return fail(request, .notStored, &context) }
        guard request.accepts(slot) else { return fail(request, .exists, &context) }
        let cas = request.opcode.isQuiet ? 0 : context.nextVersion()
        let isStored = MemcachedCommands.extend(
            key,
            slot,
            by: request.value,
            atEnd: request.opcode.plain == .append,
            cas: cas,
            logsVersion: false,
            &context
        )
        if isStored {
            succeed(request, cas: cas, &context)
        } else {
            fail(request, .notStored, &context)
        }
    }

    // MARK: Changing

    /// Delete, quiet or not.
    static func delete(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = BinaryRequest(arguments)
        let key = context.firstKey(arguments)
        guard let slot = context.find(key) else {
            context.memcachedStatistics.add(.deleteMisses)
            return fail(request, .notFound, &context)
        }
        guard request.accepts(slot) else { return fail(request, .exists, &context) }
        context.memcachedStatistics.add(.deleteHits)
        StringCommands.removeAsDue(key, slot, &context)
        succeed(request, cas: 0, &context)
    }

    /// The time in a request to count that makes no number where there is none.
    private static let makesNothing: UInt32 = 0xFFFF_FFFF

    /// Increment, decrement and their quiet forms: the extras are delta, initial number and time.
    static func changeNumber(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = BinaryRequest(arguments)
        let key = context.firstKey(arguments)
        let isSubtraction = request.opcode.plain == .decrement
        let cas = request.opcode.isQuiet ? 0 : context.nextVersion()
        guard let slot = context.findItem(key) else {
            context.memcachedStatistics.add(isSubtraction ? .decrMisses : .incrMisses)
            guard request.extras.bigEndian(16, as: UInt32.self) != makesNothing,
                context.find(key) == nil
            else { return fail(request, .notFound, &context) }
            let initial = request.extras.bigEndian(8, as: UInt64.self)
            var text = ByteBuffer()
            text.append(unsigned: initial)
            let expiry = request.expiry(at: 16, now: context.now)
            let item = NewItem(
                value: text.bytes,
                head: ItemHead(cas: cas),
                expiry: expiry,
                logsVersion: false
            )
            item.put(key, at: nil, &context)
            return tell(request, initial, cas: cas, &context)
        }
        guard request.accepts(slot) else { return fail(request, .exists, &context) }
        guard let old = MemcachedCommands.number(slot.entry) else {
            return fail(request, .notNumeric, &context)
        }
        context.memcachedStatistics.add(isSubtraction ? .decrHits : .incrHits)
        let delta = request.extras.bigEndian(0, as: UInt64.self)
        let sum = isSubtraction ? (old > delta ? old - delta : 0) : old &+ delta
        MemcachedCommands.setNumber(key, sum, slot, cas: cas, logsVersion: false, &context)
        tell(request, sum, cas: cas, &context)
    }

    private static func tell(
        _ request: BinaryRequest,
        _ number: UInt64,
        cas: UInt64,
        _ context: inout CommandContext
    ) {
        guard !request.opcode.isQuiet else { return }
        context.reply.binaryHead(request.header, valueCount: 8, cas: cas)
        context.reply.buffer.append(count: 8) { $0.store(number.bigEndian, 0) }
    }

    // MARK: Other replies

    /// A value that is too large: an old one must not be taken for it.
    static func refuseTooLarge(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let request = BinaryRequest(arguments)
        let key = context.firstKey(arguments)
        context.memcachedStatistics.add(.tooLarge)
        if request.opcode.plain == .set {
            StringCommands.removeAsDue(key, context.find(key), &context)
        }
        fail(request, .tooLarge, &context)
    }

    /// Noop, which comes behind quiet requests and tells that they have run.
    static func answer(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { context.reply.binaryDone(BinaryHeader(arguments[2])) }

    private static func succeed(
        _ request: BinaryRequest,
        cas: UInt64,
        _ context: inout CommandContext
    ) {
        if !request.opcode.isQuiet { context.reply.binaryDone(request.header, cas: cas) }
    }

    private static func fail(
        _ request: BinaryRequest,
        _ status: BinaryStatus,
        _ context: inout CommandContext
    ) { context.reply.binaryFailure(request.header, status) }
}
