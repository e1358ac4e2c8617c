internal import Primitives
internal import Store
internal import Structures
internal import Wire

extension StreamReferences {
    /// The rule that `word` stands for, or nil.
    init?(_ word: Bytes) {
        if word.isWord("KEEPREF") {
            self = .keep
        } else if word.isWord("DELREF") {
            self = .delete
        } else if word.isWord("ACKED") {
            self = .acknowledged
        } else {
            return nil
        }
    }
}

/// The options of XADD, which include those of XTRIM.
struct StreamAddOptions {
    /// The requested id.
    enum Identity {
        /// `*`: the next id.
        case next
        /// `ms-*`: the next id within a millisecond.
        case within(UInt64)
        /// The given id.
        case given(StreamID)
    }

    private(set) var identity = Identity.next
    private(set) var trim: StreamTrim?
    private(set) var needsPresent = false
    /// IDMP, IDMPAUTO: the producer of the message.
    private(set) var producer: Bytes?
    /// IDMP: the name of the message; nil if it is derived from its fields and values.
    private(set) var message: Bytes?
    /// XADD: the index of the first field.
    private(set) var start = 2

    private var limit: Int?
    private var references: StreamReferences?

    /// Parses the options and the id of XADD.
    init(adding arguments: Arguments, _ limits: CommandLimits) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            if word.count == 1, word[0] == UInt8(ascii: "*") { break }
            if try readShared(arguments, &index) { continue }
            if word.isWord("NOMKSTREAM") {
                needsPresent = true
                index += 1
            } else if try readMessage(arguments, &index) {
                continue
            } else {
                identity = try StreamAddOptions.identity(word)
                break
            }
        }
        try settle(limits)
        guard trim != nil || limit == nil else { throw .stream(.limitNeedsTilde) }
        start = index + 1
        let wordCount = arguments.count - start
        guard wordCount >= 2, wordCount % 2 == 0 else { throw .wordCount }
        if producer != nil {
            guard case .next = identity else {
                throw .streamWords(.messageNeedsNextID)
            }
        }
        if case .given(.zero) = identity {
            throw .stream(.idZero)
        }
    }

    /// Parses the options of XTRIM.
    init(trimming arguments: Arguments, _ limits: CommandLimits) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            guard try readShared(arguments, &index) else { throw .syntax }
        }
        try settle(limits)
        guard trim != nil else {
            throw .stream(.trimMissing)
        }
    }

    private mutating func readMessage(
        _ arguments: Arguments,
        _ index: inout Int
    ) throws(CommandError) -> Bool {
        let isNamed = arguments[index].isWord("IDMP")
        guard isNamed || arguments[index].isWord("IDMPAUTO") else { return false }
        let end = index + (isNamed ? 3 : 2)
        guard producer == nil, end <= arguments.count else { throw .syntax }
        guard arguments[index + 1].count > 0, arguments[end - 1].count > 0 else {
            throw .streamWords(.messageNameEmpty)
        }
        producer = arguments[index + 1]
        if isNamed { message = arguments[index + 2] }
        index = end
        return true
    }

    private static func identity(_ word: Bytes) throws(CommandError) -> Identity {
        let parts = StreamID.parts(word)
        if let sequence = parts.sequence, sequence.count == 1, sequence[0] == UInt8(ascii: "*") {
            guard let milliseconds = StreamID.number(parts.milliseconds) else { throw .stream(.id) }
            return .within(milliseconds)
        }
        return .given(try StreamID(word))
    }

    /// Parses an option that both commands have, at `index`, and moves `index` past it.
    ///
    /// Returns whether there is one.
    private mutating func readShared(
        _ arguments: Arguments,
        _ index: inout Int
    ) throws(CommandError) -> Bool {
        let word = arguments[index]
        let hasMore = index + 1 < arguments.count
        if word.isWord("MAXLEN"), hasMore {
            try readBound(arguments, &index) { (words, at) throws(CommandError) in
                let count = try words.integer(at)
                guard count >= 0 else {
                    throw .stream(.negativeLength)
                }
                return .count(Int(count))
            }
        } else if word.isWord("MINID"), hasMore {
            try readBound(arguments, &index) { (words, at) throws(CommandError) in
                .id(try StreamID(words[at]))
            }
        } else if word.isWord("LIMIT"), hasMore {
            let number = try arguments.integer(index + 1)
            guard number >= 0 else {
                throw .stream(.negativeLimit)
            }
            limit = Int(number)
            index += 2
        } else if let rule = StreamReferences(word) {
            guard references == nil else { throw .syntax }
            references = rule
            index += 1
        } else {
            return false
        }
        return true
    }

    private mutating func readBound(
        _ arguments: Arguments,
        _ index: inout Int,
        _ bound: (Arguments, Int) throws(CommandError) -> StreamTrim.Bound
    ) throws(CommandError) {
        guard trim == nil else {
            throw .stream(.oneTrim)
        }
        let mark = arguments[index + 1]
        var at = index + 1
        var isApproximate = false
        if index + 2 < arguments.count, mark.count == 1,
            mark[0] == UInt8(ascii: "~") || mark[0] == UInt8(ascii: "=")
        {
            isApproximate = mark[0] == UInt8(ascii: "~")
            at += 1
        }
        var trim = StreamTrim(try bound(arguments, at))
        trim.isApproximate = isApproximate
        self.trim = trim
        index = at + 1
    }

    /// Checks LIMIT, and sets the default limit of an approximate trim.
    private mutating func settle(_ limits: CommandLimits) throws(CommandError) {
        guard trim != nil else {
            guard limit ?? 0 == 0 else {
                throw .stream(.limitNeedsTrim)
            }
            return
        }
        if let references { trim?.references = references }
        if let limit {
            guard trim?.isApproximate == true else { throw .stream(.limitNeedsTilde) }
            trim?.limit = limit
        } else if trim?.isApproximate == true {
            let perPack = limits.encoding.streamNodeEntriesMax
            trim?.limit = perPack <= 0 ? 10_000 : min(100 * perPack, 1_000_000)
        }
    }
}
