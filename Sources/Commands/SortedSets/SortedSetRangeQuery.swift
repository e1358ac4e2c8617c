internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// A bound of a range of members.
enum MemberBound {
    /// `-`: before all members.
    case least
    /// `+`: after all members.
    case greatest
    /// `[member` or `(member`.
    case member(Bytes, isExcluded: Bool)

    /// Parses a word.
    init(_ word: Bytes) throws(CommandError) {
        if word.count == 1, word[0] == UInt8(ascii: "-") {
            self = .least
        } else if word.count == 1, word[0] == UInt8(ascii: "+") {
            self = .greatest
        } else if word.count >= 1, word[0] == UInt8(ascii: "[") || word[0] == UInt8(ascii: "(") {
            self = .member(word.dropFirst(1), isExcluded: word[0] == UInt8(ascii: "("))
        } else {
            throw .sortedSet(.memberBound)
        }
    }

    /// The number of members before this bound as a lower one, or up to it as an upper one.
    func rank(in set: SortedSetValue, isLower: Bool) -> Int {
        switch self {
        case .least: 0
        case .greatest: set.count
        case .member(let member, let isExcluded):
            set.rank(OrderedBound(member: member, after: isExcluded == isLower))
        }
    }
}

/// An interval of ranks, scores or members.
enum SortedSetInterval {
    /// Ranks; negative ones count from the end.
    case ranks(Int64, Int64)
    /// Scores, each with whether it is exclusive.
    case scores((Double, Bool), (Double, Bool))
    /// Members.
    case members(MemberBound, MemberBound)

    /// The kind of the bounds.
    enum Kind {
        case rank, score, member
    }

    /// Parses the bounds at two words.
    init(
        _ kind: Kind,
        _ arguments: Arguments,
        lower: Int,
        upper: Int
    ) throws(CommandError) {
        switch kind {
        case .rank:
            self = .ranks(try arguments.integer(lower), try arguments.integer(upper))
        case .score:
            let first = try ScoreReader.bound(arguments[lower])
            let last = try ScoreReader.bound(arguments[upper])
            self = .scores((first.score, first.isExcluded), (last.score, last.isExcluded))
        case .member:
            self = .members(try MemberBound(arguments[lower]), try MemberBound(arguments[upper]))
        }
    }

    /// The ranks in the interval.
    ///
    /// If `fromTop`, the interval's ranks count from the top.
    func ranks(in set: SortedSetValue, fromTop: Bool = false) -> Range<Int> {
        let lower: Int
        let upper: Int
        switch self {
        case .ranks(let first, let last):
            return SortedSetInterval.ranks(first, last, set.count, fromTop: fromTop)
        case .scores(let first, let last):
            lower = set.rank(OrderedBound(score: first.0, after: first.1))
            upper = set.rank(OrderedBound(score: last.0, after: !last.1))
        case .members(let first, let last):
            lower = first.rank(in: set, isLower: true)
            upper = last.rank(in: set, isLower: false)
        }
        return lower..<max(lower, upper)
    }

    private static func ranks(
        _ first: Int64,
        _ last: Int64,
        _ count: Int,
        fromTop: Bool
    ) -> Range<Int> {
        let lower = max(first < 0 ? Int(first) + count : Int(first), 0)
        let upper = min(last < 0 ? Int(last) + count : Int(last), count - 1)
        guard lower <= upper else { return 0..<0 }
        return fromTop ? count - 1 - upper..<count - lower : lower..<upper + 1
    }
}

/// The arguments of ZRANGE and its older forms: the interval, the direction, the reply.
struct SortedSetRangeQuery {
    private(set) var interval: SortedSetInterval
    private(set) var isReversed: Bool
    private(set) var withScores = false
    private var offset: Int64 = 0
    private var limit: Int64 = -1

    /// Parses the bounds at words `start` and `start + 1` and the options after them.
    ///
    /// `kind` and `isReversed` are nil if options determine them.
    init(
        _ arguments: Arguments,
        from start: Int,
        kind: SortedSetInterval.Kind?,
        isReversed: Bool?,
        isStored: Bool = false
    ) throws(CommandError) {
        var given = kind
        var reversed = isReversed
        var index = start + 2
        while index < arguments.count {
            let word = arguments[index]
            if !isStored, word.isWord("WITHSCORES") {
                withScores = true
            } else if word.isWord("LIMIT"), index + 2 < arguments.count {
                offset = try arguments.integer(index + 1)
                limit = try arguments.integer(index + 2)
                index += 2
            } else if reversed == nil, word.isWord("REV") {
                reversed = true
            } else if given == nil, word.isWord("BYLEX") {
                given = .member
            } else if given == nil, word.isWord("BYSCORE") {
                given = .score
            } else {
                throw .syntax
            }
            index += 1
        }
        let meant = given ?? .rank
        // As in Redis, a LIMIT that does not limit anything is ignored.
        if offset != 0 || limit != -1, meant == .rank {
            throw .sortedSet(.limitByRank)
        }
        if withScores, meant == .member {
            throw .sortedSet(.scoresByMember)
        }
        self.isReversed = reversed ?? false
        let isSwapped = self.isReversed && meant != .rank
        interval = try SortedSetInterval(
            meant,
            arguments,
            lower: isSwapped ? start + 1 : start,
            upper: isSwapped ? start : start + 1
        )
    }

    /// The first rank to return, and how many from there on in the requested direction.
    func extent(in set: SortedSetValue) -> (first: Int, count: Int) {
        let ranks = interval.ranks(in: set, fromTop: isReversed)
        guard offset >= 0, offset < Int64(ranks.count) else { return (0, 0) }
        let rest = ranks.count - Int(offset)
        let count = limit < 0 ? rest : Int(min(limit, Int64(rest)))
        let first =
            isReversed ? ranks.upperBound - 1 - Int(offset) : ranks.lowerBound + Int(offset)
        return (first, count)
    }
}
