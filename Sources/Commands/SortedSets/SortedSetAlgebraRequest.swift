internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// How to combine the scores of a member in several sets.
enum ScoreAggregate {
    case sum, least, greatest
    /// Adds the weights and ignores the scores.
    case count

    /// The aggregate that `word` stands for, ignoring case.
    init?(_ word: Bytes) {
        if word.isWord("SUM") {
            self = .sum
        } else if word.isWord("MIN") {
            self = .least
        } else if word.isWord("MAX") {
            self = .greatest
        } else if word.isWord("COUNT") {
            self = .count
        } else {
            return nil
        }
    }

    /// The contribution of a member with `score` in a set; infinity times zero is NaN.
    func term(_ score: Double, weight: Double) -> Double {
        self == .count ? weight : weight * score
    }

    /// The first contribution of a member; NaN counts as zero.
    func firstTerm(_ score: Double, weight: Double) -> Double {
        let term = term(score, weight: weight)
        return term.isNaN ? 0 : term
    }

    /// Combines two contributions.
    ///
    /// If the sum is NaN, as for opposite infinities, it counts as zero.
    func join(_ left: Double, _ right: Double) -> Double {
        switch self {
        case .sum, .count:
            let sum = left + right
            return sum.isNaN ? 0 : sum
        case .least: return right < left ? right : left
        case .greatest: return right > left ? right : left
        }
    }
}

/// A source of an operation: a sorted set, or a set, whose members have the score 1.
struct SortedSetSource {
    /// How to combine the sources.
    enum Operation {
        case union, intersection, difference
    }

    private enum Members {
        case none
        case scored(SortedSetValue)
        case plain(SetContent)
    }

    private let members: Members
    /// The number of members.
    let count: Int
    /// The factor for the scores.
    var weight = 1.0

    /// Views the value of a key; empty if there is none.
    init(_ slot: Shard.Slot?) throws(CommandError) {
        guard let slot else {
            (members, count) = (.none, 0)
            return
        }
        if slot.entry.isKind(.set) {
            let set = SetContent(slot.entry, in: slot.shard)
            (members, count) = (.plain(set), set.count)
            return
        }
        guard slot.entry.isKind(.sortedSet) else { throw .wrongType }
        let set = SortedSetValue(slot)
        (members, count) = (.scored(set), set.count)
    }

    /// The score of `member`, or nil.
    func score(_ member: Bytes) -> Double? {
        switch members {
        case .none: nil
        case .scored(let set): set.score(member)
        case .plain(let set): set.contains(.bytes(member), set.shard.hash(member)) ? 1 : nil
        }
    }

    /// Calls `body` with each member until it returns false.
    func forEach(_ body: (Bytes, Double) -> Bool) {
        switch members {
        case .none: return
        case .scored(let set): set.walk(from: 0, limit: .max, body)
        case .plain(let set):
            set.forEach { member in member.withText { body($0, 1) } }
        }
    }
}

/// The arguments of ZUNION and related commands: the sources, their weights, the reply.
struct SortedSetAlgebraRequest {
    private(set) var sources: [SortedSetSource] = []
    private(set) var aggregate = ScoreAggregate.sum
    private(set) var withScores = false
    /// The limit of ZINTERCARD; zero means no limit.
    private(set) var limit = 0

    /// What to do with the result.
    enum Purpose {
        case told, stored, counted
    }

    /// Parses the number of keys at word `start` and everything after it.
    init(
        _ arguments: Arguments,
        from start: Int,
        _ operation: SortedSetSource.Operation,
        _ purpose: Purpose,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let keyCount = try arguments.integer(start)
        guard keyCount >= 1 else {
            throw .sortedSet(.noKeys)
        }
        guard keyCount <= Int64(arguments.count - start - 1) else { throw .syntax }
        let end = start + 1 + Int(keyCount)
        sources.reserveCapacity(Int(keyCount))
        for index in start + 1..<end {
            let slot = context.read(context.key(arguments[index]))
            sources.append(try SortedSetSource(slot))
        }
        try readOptions(arguments, from: end, operation, purpose)
        if operation != .difference {
            sources.sort { $0.count < $1.count }
        }
    }

    private mutating func readOptions(
        _ arguments: Arguments,
        from start: Int,
        _ operation: SortedSetSource.Operation,
        _ purpose: Purpose
    ) throws(CommandError) {
        let isWeighted = operation != .difference && purpose != .counted
        var index = start
        while index < arguments.count {
            let word = arguments[index]
            let rest = arguments.count - index - 1
            if isWeighted, word.isWord("WEIGHTS"), rest >= sources.count {
                for place in sources.indices {
                    sources[place].weight = try SortedSetAlgebraRequest.weight(
                        arguments[index + 1 + place]
                    )
                }
                index += sources.count
            } else if isWeighted, word.isWord("AGGREGATE"), rest >= 1 {
                guard let aggregate = ScoreAggregate(arguments[index + 1]) else { throw .syntax }
                self.aggregate = aggregate
                index += 1
            } else if purpose == .told, word.isWord("WITHSCORES") {
                withScores = true
            } else if purpose == .counted, word.isWord("LIMIT"), rest >= 1 {
                limit = try arguments.integer(
                    index + 1,
                    in: 0...Int64.max,
                    or: .negativeLimit
                )
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
    }

    private static func weight(_ word: Bytes) throws(CommandError) -> Double {
        guard let weight = FloatText.number(word) else {
            throw .sortedSet(.weight)
        }
        return weight
    }

    // MARK: Combining

    /// The members of any source, as a table in `shard`'s memory.
    func union(in shard: Shard) -> OrderedTable {
        var table = OrderedTable()
        for source in sources {
            source.forEach { member, score in
                let term = aggregate.firstTerm(score, weight: source.weight)
                let hash = shard.hash(member)
                if let location = table.table.find(member, hash, shard.arena) {
                    location.entry.score = aggregate.join(location.entry.score, term)
                } else {
                    table.insertUnordered(member, hash, term, &shard.arena)
                }
                return true
            }
        }
        table.order(&shard.arena)
        return table
    }

    /// The members of all sources, as a table in `shard`'s memory.
    func intersection(in shard: Shard) -> OrderedTable {
        var table = OrderedTable()
        forEachShared { member, score in
            table.insertUnordered(member, shard.hash(member), score, &shard.arena)
            return true
        }
        table.order(&shard.arena)
        return table
    }

    /// The number of members of all sources, up to the limit.
    func intersectionCount() -> Int {
        var count = 0
        forEachShared { _, _ in
            count += 1
            return count != limit
        }
        return count
    }

    /// Calls `body` with each common member and its combined score, until it returns false.
    private func forEachShared(_ body: (Bytes, Double) -> Bool) {
        guard let smallest = sources.first, smallest.count > 0 else { return }
        smallest.forEach { member, score in
            var joined = aggregate.firstTerm(score, weight: smallest.weight)
            for source in sources.dropFirst() {
                guard let score = source.score(member) else { return true }
                joined = aggregate.join(joined, aggregate.term(score, weight: source.weight))
            }
            return body(member, joined)
        }
    }

    /// The members of the first source that are in no other, as a table in `shard`'s memory.
    func difference(in shard: Shard) -> OrderedTable {
        var table = OrderedTable()
        guard let first = sources.first else { return table }
        first.forEach { member, score in
            let isElsewhere = sources.dropFirst().contains { $0.score(member) != nil }
            guard !isElsewhere else { return true }
            table.insertUnordered(member, shard.hash(member), score, &shard.arena)
            return true
        }
        table.order(&shard.arena)
        return table
    }
}
