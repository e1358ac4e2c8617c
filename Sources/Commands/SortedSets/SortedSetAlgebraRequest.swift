internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// How the scores that a member has in several sets become one.
enum ScoreAggregate {
    case sum, least, greatest
    /// The weights are added, the scores do not matter.
    case count

    /// The aggregate that `word` names, in either case.
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

    /// What a member that a set holds with `score` brings in; infinity times zero is no number.
    func term(_ score: Double, weight: Double) -> Double {
        self == .count ? weight : weight * score
    }

    /// The first term of a member, where no number counts as zero.
    func firstTerm(_ score: Double, weight: Double) -> Double {
        let term = term(score, weight: weight)
        return term.isNaN ? 0 : term
    }

    /// The two together.
    ///
    /// A sum that is no number, as that of both infinities, counts as zero.
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

/// A set or sorted set that a request combines with others; a set's members count with score 1.
struct SortedSetSource {
    /// What to combine sets to.
    enum Operation {
        case union, intersection, difference
    }

    private enum Members {
        case none
        case scored(SortedSetValue)
        case plain(SetContent)
    }

    private let members: Members
    /// The members held.
    let count: Int
    /// What the scores are multiplied with.
    var weight = 1.0

    /// Views what a key holds; nothing where it is not there.
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

    /// Calls `body` with every member until it says false.
    func forEach(_ body: (Bytes, Double) -> Bool) {
        switch members {
        case .none: return
        case .scored(let set): set.walk(from: 0, limit: .max, body)
        case .plain(let set):
            set.forEach { member in member.withText { body($0, 1) } }
        }
    }
}

/// The words of ZUNION and its relatives: which sets, how weighted, and what to tell.
struct SortedSetAlgebraRequest {
    private(set) var sources: [SortedSetSource] = []
    private(set) var aggregate = ScoreAggregate.sum
    private(set) var withScores = false
    /// ZINTERCARD's limit; zero is none.
    private(set) var limit = 0

    /// What is done with the result.
    enum Purpose {
        case told, stored, counted
    }

    /// Reads the number of keys at word `start` and all that follows.
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

    /// The members of any of the sets, in a table of `shard`'s memory.
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

    /// The members that all sets hold, in a table of `shard`'s memory.
    func intersection(in shard: Shard) -> OrderedTable {
        var table = OrderedTable()
        forEachShared { member, score in
            table.insertUnordered(member, shard.hash(member), score, &shard.arena)
            return true
        }
        table.order(&shard.arena)
        return table
    }

    /// The number of members that all sets hold, up to the limit.
    func intersectionCount() -> Int {
        var count = 0
        forEachShared { _, _ in
            count += 1
            return count != limit
        }
        return count
    }

    /// Calls `body` with every member that all sets hold and its joined score, until it says false.
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

    /// The members of the first set that no other holds, in a table of `shard`'s memory.
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
