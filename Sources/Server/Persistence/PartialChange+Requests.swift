internal import Commands
internal import Persistence
internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// What requests change in a large value.
extension PartialChange {
    /// The part of its key's value that a command changes.
    private enum Rule {
        /// The members among the words from an index on; other words there do no harm.
        case members(from: Int)
        case lowest
        case highest
        /// Pops at the start or end of a list, as many as a word behind the key says.
        case first
        case last
        case addFirst
        case addLast
        /// Pops at the start or end of whichever list is the first with elements.
        case oneFirst
        case oneLast
        /// Moves an element from one list to another; words say from and to where.
        case move
        case moveLastToFirst
        case trim
        /// Adds an entry to a stream without removing others.
        case addEntry
        /// Changes pending entries of a stream's groups.
        case pending
        case expiry
    }

    private static let rules: [(name: StaticString, rule: Rule)] = [
        ("HSET", .members(from: 2)), ("HDEL", .members(from: 2)), ("HINCRBY", .members(from: 2)),
        ("HMSET", .members(from: 2)), ("HSETNX", .members(from: 2)),
        ("HINCRBYFLOAT", .members(from: 2)),
        ("SADD", .members(from: 2)), ("SREM", .members(from: 2)), ("SMOVE", .members(from: 3)),
        ("ZADD", .members(from: 2)), ("ZINCRBY", .members(from: 2)), ("ZREM", .members(from: 2)),
        ("GEOADD", .members(from: 2)), ("ZPOPMIN", .lowest), ("ZPOPMAX", .highest),
        ("LPUSH", .addFirst), ("RPUSH", .addLast), ("LPUSHX", .addFirst), ("RPUSHX", .addLast),
        ("LPOP", .first), ("RPOP", .last), ("BLPOP", .oneFirst), ("BRPOP", .oneLast),
        ("LMOVE", .move), ("BLMOVE", .move), ("RPOPLPUSH", .moveLastToFirst),
        ("BRPOPLPUSH", .moveLastToFirst), ("LTRIM", .trim),
        ("XADD", .addEntry), ("XREADGROUP", .pending), ("XACK", .pending), ("XCLAIM", .pending),
        ("XAUTOCLAIM", .pending),
        ("EXPIRE", .expiry), ("PEXPIRE", .expiry), ("EXPIREAT", .expiry), ("PEXPIREAT", .expiry),
        ("PERSIST", .expiry),
    ]

    /// The change that a request makes to the value at `slot`, whose key is its word `key`.
    ///
    /// Nil if it may change anything else.
    init?(_ name: StaticString, _ arguments: Arguments, key: Int, at slot: Shard.Slot) {
        let name = Bytes(name)
        guard let rule = PartialChange.rules.first(where: { Bytes($0.name) == name })?.rule else {
            return nil
        }
        switch (rule, slot.entry.kind) {
        case (.expiry, _): self = .expiry
        case (.members(let start), .set), (.members(let start), .hash),
            (.members(let start), .sortedSet):
            self = .members((start..<arguments.count).map { arguments[$0] })
        case (.lowest, .sortedSet):
            guard let count = PartialChange.count(arguments) else { return nil }
            self = .extremes(lowest: count, highest: 0)
        case (.highest, .sortedSet):
            guard let count = PartialChange.count(arguments) else { return nil }
            self = .extremes(lowest: 0, highest: count)
        case (.addEntry, .stream):
            guard PartialChange.isID(arguments[2]) else { return nil }
            self = .additions
        case (.pending, .stream): self = .additions
        case (_, .list): self.init(rule, arguments, key, ListValue(slot))
        default: return nil
        }
    }

    /// A change of a list.
    private init?(_ rule: Rule, _ arguments: Arguments, _ key: Int, _ list: ListValue) {
        switch rule {
        case .addFirst: self = .ends(first: 0, last: 0, addsFirst: true)
        case .addLast: self = .ends(first: 0, last: 0, addsFirst: false)
        case .oneFirst: self = .ends(first: 1, last: 0, addsFirst: false)
        case .oneLast: self = .ends(first: 0, last: 1, addsFirst: false)
        case .first, .last:
            guard let count = PartialChange.count(arguments) else { return nil }
            if case .first = rule {
                self = .ends(first: count, last: 0, addsFirst: false)
            } else {
                self = .ends(first: 0, last: count, addsFirst: false)
            }
        case .move, .moveLastToFirst:
            // A list that is turned within itself has the same length as before.
            guard !(arguments[1] == arguments[2]) else { return nil }
            var (isFromFirst, isToFirst) = (false, true)
            if case .move = rule {
                isFromFirst = arguments[3].isWord("LEFT")
                isToFirst = arguments[4].isWord("LEFT")
            }
            self =
                key == 2
                ? .ends(first: 0, last: 0, addsFirst: isToFirst)
                : .ends(first: isFromFirst ? 1 : 0, last: isFromFirst ? 0 : 1, addsFirst: false)
        case .trim:
            guard let start = DecimalText.integer(arguments[2]),
                let stop = DecimalText.integer(arguments[3]),
                let first = PartialChange.index(start, list.count),
                let last = PartialChange.index(stop, list.count), first <= last
            else { return nil }
            self = .ends(first: first, last: list.count - 1 - last, addsFirst: false)
        case .members, .lowest, .highest, .addEntry, .pending, .expiry: return nil
        }
    }

    /// Whether a word of XADD is the id, and not an option.
    private static func isID(_ word: Bytes) -> Bool {
        word.count > 0 && (word[0] == UInt8(ascii: "*") || word[0] <= UInt8(ascii: "9"))
    }

    /// How many elements a pop removes at most: the word behind the key, otherwise one.
    private static func count(_ arguments: Arguments) -> Int? {
        guard arguments.count > 2 else { return 1 }
        guard let count = DecimalText.integer(arguments[2]), count >= 0 else { return nil }
        return Int(count)
    }

    /// The index that `number`, which counts from the end if it is negative, refers to.
    private static func index(_ number: Int64, _ count: Int) -> Int? {
        guard number >= -Int64(count) else { return nil }
        return number < 0 ? count + Int(number) : Int(min(number, Int64(count - 1)))
    }
}
