internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Reading streams from a client's position on.
public enum StreamReadCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XREAD", arity: -4, [.readonly, .blocking, .movableKeys], keys: [KeySpec(.keyword("STREAMS", from: 1), .range(last: -1, step: 1, limit: 2), [.ro, .access, .incomplete])], group: .stream, since: "5.0.0", complexity: "O(M) for each stream with M entries returned", syntax: "[COUNT count:i] [MAXCOUNT maxcount:i] [MAXSIZE maxsize:i] [BLOCK milliseconds:i] streams=<STREAMS @key... id...>", summary: "Returns the entries of streams behind an id of each.", read),
    ]
}

extension StreamReadCommands {
    /// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key …] id [id …]`: for each stream
    /// that has any, its key and entries; null when none has.
    static func read(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try StreamReadOptions(arguments, inGroup: false)
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
            let key = context.key(arguments[options.firstKey + index])
            let slot = try context.read(key, .stream)
            let from = try start(arguments, options, index, slot)
            guard let slot, let from else { continue }
            let stream = StreamValue(slot)
            guard stream.lastID >= from, stream.count > 0 else { continue }
            let position = context.reply.buffer.count
            context.reply.streamHead(key.bytes)
            if context.reply.entries(stream, from, &budget) > 0 {
                served += 1
            } else {
                context.reply.truncate(to: position)
            }
        }
        context.reply.streams(served, at: mark)
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
