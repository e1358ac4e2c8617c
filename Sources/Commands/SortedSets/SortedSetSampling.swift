internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Samples and scans of sorted sets.
public enum SortedSetSampling {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("ZRANDMEMBER", arity: -2, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "6.2.0", complexity: "O(N) where N is the number of members returned", syntax: "@key options=[count:i [WITHSCORES]]", summary: "Returns random members.", tips: ["nondeterministic_output"], random),
        DataCommand("ZSCAN", arity: -3, [.readonly], keys: [.one(1, [.ro, .access])], group: .sortedSet, since: "2.8.0", complexity: "O(1) per call, O(N) for all members", syntax: "@key cursor:i [MATCH pattern:p] [COUNT count:i] [NOSCORES]", summary: "Iterates over members and their scores.", tips: ["nondeterministic_output"], scan),
    ]
}

extension SortedSetSampling {
    /// `ZRANDMEMBER key [count [WITHSCORES]]`: a random member, or null.
    ///
    /// With a count, that many distinct members; if it is negative, as many as its magnitude, with
    /// repetition.
    static func random(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count > 2 else { return try randomOne(arguments, &context) }
        let sample = try SampleCount(arguments, at: 2)
        guard arguments.count <= 4 else { throw .syntax }
        let withScores = arguments.count == 4
        if withScores {
            guard arguments[3].isWord("WITHSCORES") else { throw .syntax }
            try sample.checkDoubled()
        }
        guard let slot = try context.read(context.firstKey(arguments), .sortedSet) else {
            return context.reply.array(0)
        }
        try draw(sample, SortedSetValue(slot), withScores: withScores, &context)
    }

    private static func randomOne(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.firstKey(arguments), .sortedSet) else {
            return context.reply.null()
        }
        let set = SortedSetValue(slot)
        set.walk(from: context.random.below(set.count), limit: 1) { member, _ in
            context.reply.bulk(member)
            return true
        }
    }

    private static func draw(
        _ sample: SampleCount,
        _ set: SortedSetValue,
        withScores: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let total = set.count
        let count = try sample.count(of: total)
        replyHead(count, withScores: withScores, &context)
        switch sample.method(of: total) {
        case .repeated:
            for _ in 0..<count {
                reply(context.random.below(total), set, withScores: withScores, &context)
            }
        case .draws:
            SampleCount.drawDistinct(count, { context.random.below(total) }) { rank in
                reply(rank, set, withScores: withScores, &context)
            }
        case .walk:
            var selection = WalkSelection(count, of: total)
            set.walk(from: 0, limit: total) { member, score in
                if selection.takes(&context.random) {
                    reply(member, score, withScores: withScores, &context)
                }
                return !selection.isDone
            }
        }
    }

    private static func replyHead(
        _ count: Int,
        withScores: Bool,
        _ context: inout CommandContext
    ) {
        context.reply.array(withScores && !context.reply.isRESP3 ? count * 2 : count)
    }

    private static func reply(
        _ rank: Int,
        _ set: SortedSetValue,
        withScores: Bool,
        _ context: inout CommandContext
    ) {
        set.walk(from: rank, limit: 1) { member, score in
            reply(member, score, withScores: withScores, &context)
            return true
        }
    }

    private static func reply(
        _ member: Bytes,
        _ score: Double,
        withScores: Bool,
        _ context: inout CommandContext
    ) {
        if withScores, context.reply.isRESP3 { context.reply.array(2) }
        context.reply.bulk(member)
        if withScores { context.reply.double(score) }
    }

    // MARK: Scanning

    /// `ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]`: the next cursor, and members.
    ///
    /// Members come with their scores, unless NOSCORES.
    static func scan(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try ValueScan.reply(arguments, &context, .sortedSet, bareWord: "NOSCORES") {
            slot,
            scan,
            context in
            SortedSetValue(slot).scan(scan.cursor) { member, score in
                guard scan.accepts(member) else { return }
                context.reply.bulk(member)
                if !scan.options.isBare { context.reply.bulk(score: score) }
            }
        }
    }
}

extension ReplyWriter {
    /// Writes a score as a bulk string, even in RESP3.
    mutating func bulk(score: Double) {
        let wasRESP3 = isRESP3
        isRESP3 = false
        double(score)
        isRESP3 = wasRESP3
    }
}
