internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Substrings.
public enum StringRangeCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("GETRANGE", arity: 4, [.readonly], keys: KeySpec.first([.ro, .access]), group: .string, since: "2.4.0", complexity: "O(N) where N is the length of the part", syntax: "@key start:i end:i", summary: "Returns a part of a string.", getRange),
        DataCommand("SUBSTR", arity: 4, [.readonly], keys: KeySpec.first([.ro, .access]), group: .string, since: "1.0.0", complexity: "O(N) where N is the length of the part", syntax: "@key start:i end:i", summary: "Returns a part of a string, like GETRANGE.", deprecated: Deprecation(since: "2.0.0", by: "`GETRANGE`"), getRange),
        DataCommand("SETRANGE", arity: 4, [.write, .denyOOM], keys: KeySpec.first([.rw, .update]), propagation: .verbatim, group: .string, since: "2.2.0", complexity: "O(N) where N is the length of the value and of the padding", syntax: "@key offset:i value", summary: "Overwrites a part of a string, padding it with zeros if necessary.", setRange),
        DataCommand("APPEND", arity: 3, [.write, .denyOOM, .fast], keys: KeySpec.first([.rw, .insert]), propagation: .verbatim, group: .string, since: "2.0.0", complexity: "O(1) per byte", syntax: "@key value", summary: "Appends to a string.", append),
        DataCommand("STRLEN", arity: 2, [.readonly, .fast], keys: KeySpec.first([.ro]), group: .string, since: "2.2.0", complexity: "O(1)", syntax: "@key", summary: "Returns the length of a string.", length),
        DataCommand("LCS", arity: -3, [.readonly], keys: [KeySpec(.index(1), .range(last: 1, step: 1, limit: 0), [.ro, .access])], group: .string, since: "7.0.0", complexity: "O(N*M) where N and M are the lengths of the strings", syntax: "@key1 @key2 [LEN] [IDX] [MINMATCHLEN min-match-len:i] [WITHMATCHLEN]", summary: "Finds the longest common subsequence of two strings.", commonSubsequence),
    ]
}

extension StringRangeCommands {
    /// `GETRANGE key start end`: the bytes from `start` to `end`; negative offsets count from the
    /// end.
    static func getRange(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let start = try arguments.integer(2)
        let end = try arguments.integer(3)
        guard let slot = try context.read(context.firstKey(arguments), .string) else {
            return context.reply.bulk(Bytes())
        }
        StringValue.withBytes(slot.entry) { bytes in
            let range = SignedRange(start, end)
            let places = range.isCrossed ? nil : range.clamped(to: bytes.count)
            context.reply.bulk(bytes[places ?? 0..<0])
        }
    }

    /// `SETRANGE key offset value`: the new length.
    static func setRange(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let offset = try arguments.integer(2)
        guard offset >= 0 else { throw .string(.offset) }
        let value = arguments[3]
        let key = context.firstKey(arguments)
        let slot = try context.find(key, .string)
        let old = slot.map { StringValue.count($0.entry) } ?? 0
        guard value.count > 0 else { return context.reply.integer(old) }
        let end = try sum(Int(offset), value.count, context)
        let shard = context.shard(key)
        let storage =
            if let slot {
                StringValue.edit(slot, count: max(old, end), in: shard).storage
            } else {
                StringValue.insertZeros(key, count: end, in: shard).storage
            }
        storage.put(value, Int(offset))
        context.changed(key, .setRange)
        context.reply.integer(max(old, end))
    }

    /// The total length of two parts; throws if it exceeds the limit.
    private static func sum(
        _ left: Int,
        _ right: Int,
        _ context: borrowing CommandContext
    ) throws(CommandError) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow, sum <= context.limits.stringBytesMax else { throw .tooLong }
        try context.demandRoom(sum)
        return sum
    }

    /// `APPEND key value`: the new length.
    static func append(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let value = arguments[2]
        guard let slot = try context.find(key, .string) else {
            StringCommands.store(key, value, expiry: nil, at: nil, &context)
            context.changed(key, .append)
            return context.reply.integer(value.count)
        }
        let old = StringValue.count(slot.entry)
        let count = try sum(old, value.count, context)
        StringValue.edit(slot, count: count, in: slot.shard).storage.put(value, old)
        context.changed(key, .append)
        context.reply.integer(count)
    }

    /// `STRLEN key`: the length, 0 if there is no key.
    static func length(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .string)
        context.reply.integer(slot.map { StringValue.count($0.entry) } ?? 0)
    }

    // MARK: Common subsequences

    /// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]`: the subsequence, its
    /// length, or the positions of its runs.
    static func commonSubsequence(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let first = context.read(context.key(arguments[1]))?.entry
        let second = context.read(context.key(arguments[2]))?.entry
        guard first?.isKind(.string) ?? true, second?.isKind(.string) ?? true else {
            throw .string(.subsequenceType)
        }
        let options = try SubsequenceOptions(arguments, from: 3)
        let limit = context.limits.stringBytesMax
        try withBytes(first) { first throws(CommandError) in
            try withBytes(second) { second throws(CommandError) in
                // Redis uses a table of 4 bytes per cell, and fails if that would get too large.
                let cells = (first.count + 1).multipliedReportingOverflow(by: second.count + 1)
                guard !cells.overflow, cells.partialValue <= limit / 4 else {
                    throw .string(.subsequenceTooLong)
                }
                // Two bits per cell.
                guard SharedBlock.isAvailable(cells.partialValue / 4) else {
                    throw .string(.subsequenceMemory)
                }
                reply(CommonSubsequence(first, second), options, &context.reply)
            }
        }
    }

    private static func withBytes(
        _ entry: Entry?,
        _ body: (Bytes) throws(CommandError) -> Void
    ) throws(CommandError) {
        guard let entry else { return try body(Bytes()) }
        try StringValue.withBytes(entry, body)
    }

    private static func reply(
        _ common: CommonSubsequence,
        _ options: SubsequenceOptions,
        _ reply: inout ReplyWriter
    ) {
        switch options.answer {
        case .length: reply.integer(common.count)
        case .bytes: reply.bulk(count: common.count) { common.write(to: $0) }
        case .runs:
            reply.map(2)
            reply.bulk("matches")
            let mark = reply.mark()
            var count = 0
            common.forEachRun { run in
                guard run.first.count >= options.runLengthMin else { return }
                count += 1
                reply.array(options.tellsRunLengths ? 3 : 2)
                for range in [run.first, run.second] {
                    reply.array(2)
                    reply.integer(range.lowerBound)
                    reply.integer(range.upperBound - 1)
                }
                if options.tellsRunLengths { reply.integer(run.first.count) }
            }
            reply.array(count, at: mark)
            reply.bulk("len")
            reply.integer(common.count)
        }
    }
}

/// The options of LCS.
private struct SubsequenceOptions {
    enum Answer { case bytes, length, runs }

    private(set) var answer = Answer.bytes
    private(set) var runLengthMin = 0
    private(set) var tellsRunLengths = false

    init(_ arguments: Arguments, from start: Int) throws(CommandError) {
        var (wantsLength, wantsRuns) = (false, false)
        var index = start
        while index < arguments.count {
            let word = arguments[index]
            if word.isWord("IDX") {
                wantsRuns = true
            } else if word.isWord("LEN") {
                wantsLength = true
            } else if word.isWord("WITHMATCHLEN") {
                tellsRunLengths = true
            } else if word.isWord("MINMATCHLEN"), index + 1 < arguments.count {
                index += 1
                runLengthMin = max(0, Int(try arguments.integer(index)))
            } else {
                throw .syntax
            }
            index += 1
        }
        if wantsLength, wantsRuns {
            throw .string(.lengthAndRuns)
        }
        if wantsRuns { answer = .runs } else if wantsLength { answer = .length }
    }
}
