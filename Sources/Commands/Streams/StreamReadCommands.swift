internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Reading streams from a client's position on.
public enum StreamReadCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XREAD", arity: -4, [.readonly, .blocking, .movableKeys], keys: [KeySpec(.keyword("STREAMS", from: 1), .range(last: -1, step: 1, limit: 2), [.ro, .access, .incomplete])], group: .stream, since: "5.0.0", complexity: "O(M) for each stream with M entries returned", syntax: "[COUNT count:i] [MAXCOUNT maxcount:i] [MAXSIZE maxsize:i] [BLOCK milliseconds:i] streams=<STREAMS @key... id...>", summary: "Returns the entries of streams after given ids; may block until there are some.", blocking: BlockingHandler(kind: .stream, run: read, serve: serve)),
    ]
}

extension StreamReadCommands {
    /// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key …] id [id …]`: for each stream
    /// with entries to return, its key and the entries; null if there are none, or on timeout.
    private static func read(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> Outcome {
        let options = try StreamReadOptions(arguments, inGroup: false)
        let deadline = try options.deadline(context)
        if options.streamCount > 1 {
            for index in 0..<options.streamCount {
                let key = context.key(arguments[options.firstKey + index])
                _ = try start(arguments, options, index, try context.find(key, .stream))
            }
        }
        let mark = context.reply.mark()
        var served = 0
        var budget = options.budget
        for index in 0..<options.streamCount where !budget.isSpent {
            if try read(arguments, options, index, &budget, &context) { served += 1 }
        }
        if served == 0, let deadline, context.mayWait {
            resolveLastIDs(arguments, options, &context)
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
        let options = try StreamReadOptions(arguments, inGroup: false)
        guard let index = options.index(of: key.bytes, arguments) else { return false }
        let mark = context.reply.mark()
        var budget = options.budget
        guard try read(arguments, options, index, &budget, &context) else { return false }
        context.reply.streams(1, at: mark)
        return true
    }

    /// Replies with the key and the entries of stream `index`; returns false if there are none.
    private static func read(
        _ arguments: Arguments,
        _ options: StreamReadOptions,
        _ index: Int,
        _ budget: inout StreamReadBudget,
        _ context: inout CommandContext
    ) throws(CommandError) -> Bool {
        let key = context.key(arguments[options.firstKey + index])
        let slot = try context.read(key, .stream)
        let from = try start(arguments, options, index, slot)
        guard let slot, let from else { return false }
        let stream = StreamValue(slot)
        guard stream.lastID >= from, stream.count > 0 else { return false }
        let position = context.reply.buffer.count
        context.reply.streamHead(key.bytes)
        if context.reply.entries(stream, from, &budget) > 0 { return true }
        context.reply.truncate(to: position)
        return false
    }

    /// Resolves `$` to the current last ids of the streams, for a request that blocks.
    private static func resolveLastIDs(
        _ arguments: Arguments,
        _ options: StreamReadOptions,
        _ context: inout CommandContext
    ) {
        for index in 0..<options.streamCount {
            let place = options.firstKey + options.streamCount + index
            guard arguments[place].isWord("$") else { continue }
            let slot = context.peek(context.key(arguments[options.firstKey + index]))
            let last = slot.map { StreamValue($0).lastID } ?? .zero
            var text = ByteBuffer()
            text.append(unsigned: last.milliseconds)
            text.append(UInt8(ascii: "-"))
            text.append(unsigned: last.sequence)
            context.resolvedWords.append(place, text)
        }
    }

    /// The first id to read from stream `index`; nil if there can be none.
    private static func start(
        _ arguments: Arguments,
        _ options: StreamReadOptions,
        _ index: Int,
        _ slot: Shard.Slot?
    ) throws(CommandError) -> StreamID? {
        let word = arguments[options.firstKey + options.streamCount + index]
        if word.count == 1 {
            switch word[0] {
            case UInt8(ascii: "$"): return nil
            case UInt8(ascii: "+"): return slot.map { StreamValue($0).lastEntryID }
            case UInt8(ascii: ">"):
                throw .streamWords(.newNeedsGroup)
            default: break
            }
        }
        return try StreamID(word).next
    }
}

extension ReplyWriter {
    /// Writes what precedes the entries of the stream at `key`.
    mutating func streamHead(_ key: Bytes) {
        if !isRESP3 { array(2) }
        bulk(key)
    }

    /// Inserts the header for `count` streams with their entries at `mark`; null for none.
    mutating func streams(_ count: Int, at mark: Mark) {
        if count == 0 { return nullArray() }
        if isRESP3 { map(count, at: mark) } else { array(count, at: mark) }
    }

    /// Writes entries from `lower` on within the budget; returns how many.
    mutating func entries(
        _ stream: StreamValue,
        _ lower: StreamID,
        _ budget: inout StreamReadBudget
    ) -> Int {
        let mark = mark()
        let limit = budget.limit
        var count = 0
        stream.walk(lower, .max) { item in
            let position = buffer.count
            entry(item)
            guard budget.take(buffer.count - position) else {
                truncate(to: position)
                return false
            }
            count += 1
            return count < limit
        }
        array(count, at: mark)
        return count
    }
}
