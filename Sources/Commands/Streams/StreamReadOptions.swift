internal import Primitives
internal import Structures
internal import Wire

/// The options of XREAD and XREADGROUP, and the positions of their streams.
struct StreamReadOptions {
    /// A consumer and its group.
    struct Reader {
        let group: Bytes
        let consumer: Bytes
    }

    /// How much may be read.
    private(set) var budget = StreamReadBudget()
    /// How long to block if there is nothing to read; nil for not at all.
    private(set) var blockMilliseconds: Int64?
    /// XREADGROUP: the reader.
    private(set) var reader: Reader?
    /// XREADGROUP: whether entries need no acknowledgement (NOACK).
    private(set) var isUnacknowledged = false
    /// XREADGROUP: also read pending entries that were idle for at least this long.
    private(set) var claimIdleMin: Int64?
    /// The index of the first key; its id is `streamCount` words further.
    private(set) var firstKey = 0
    /// The number of streams.
    private(set) var streamCount = 0

    /// Parses the words after the command's name.
    init(_ arguments: Arguments, inGroup: Bool) throws(CommandError) {
        var index = 1
        while index < arguments.count, streamCount == 0 {
            try readOption(arguments, &index, inGroup: inGroup)
        }
        guard streamCount > 0 else { throw .syntax }
        guard !inGroup || reader != nil else {
            throw .streamGroup(.optionMissing)
        }
        try budget.check()
    }

    /// The end of the wait requested by BLOCK; nil without BLOCK.
    func deadline(_ context: borrowing CommandContext) throws(CommandError) -> Int64? {
        guard let milliseconds = blockMilliseconds else { return nil }
        return try context.deadline(milliseconds: milliseconds)
    }

    /// The number of the first stream at `key`.
    func index(of key: Bytes, _ arguments: Arguments) -> Int? {
        (0..<streamCount).first { arguments[firstKey + $0] == key }
    }

    private mutating func readOption(
        _ arguments: Arguments,
        _ index: inout Int,
        inGroup: Bool
    ) throws(CommandError) {
        let word = arguments[index]
        let more = arguments.count - 1 - index
        if word.isWord("BLOCK"), more > 0 {
            try readBlock(arguments, index + 1)
            index += 2
        } else if word.isWord("COUNT"), more > 0 {
            let count = try arguments.integer(index + 1)
            budget.perStream = count > 0 ? Int(count) : .max
            index += 2
        } else if word.isWord("MAXCOUNT"), more > 0 {
            budget.entries = try arguments.integer(
                index + 1,
                in: 1...Int64.max,
                or: .streamWords(.countMax)
            )
            index += 2
        } else if word.isWord("MAXSIZE"), more > 0 {
            budget.bytes = try arguments.integer(
                index + 1,
                in: 1...Int64.max,
                or: .streamWords(.sizeMax)
            )
            index += 2
        } else if word.isWord("STREAMS"), more > 0 {
            guard more % 2 == 0 else {
                throw inGroup ? .streamGroup(.unbalanced) : .streamWords(.unbalanced)
            }
            firstKey = index + 1
            streamCount = more / 2
        } else {
            try readGroupOption(arguments, &index, more, inGroup: inGroup)
        }
    }

    private mutating func readBlock(_ arguments: Arguments, _ index: Int) throws(CommandError) {
        guard let timeout = DecimalText.integer(arguments[index]) else {
            throw .timeout
        }
        guard timeout >= 0 else { throw .negativeTimeout }
        blockMilliseconds = timeout
    }

    private mutating func readGroupOption(
        _ arguments: Arguments,
        _ index: inout Int,
        _ more: Int,
        inGroup: Bool
    ) throws(CommandError) {
        let word = arguments[index]
        if word.isWord("GROUP"), more >= 2 {
            guard inGroup else { throw .streamWords(.groupOnly("GROUP")) }
            reader = Reader(group: arguments[index + 1], consumer: arguments[index + 2])
            index += 3
        } else if word.isWord("NOACK") {
            guard inGroup else { throw .streamWords(.groupOnly("NOACK")) }
            isUnacknowledged = true
            index += 1
        } else if word.isWord("CLAIM"), more > 0 {
            guard inGroup else { throw .streamWords(.groupOnly("CLAIM")) }
            claimIdleMin = Int64(
                try arguments.integer(
                    index + 1,
                    in: 0...Int64.max,
                    or: .streamGroup(.idleMin)
                )
            )
            index += 2
        } else {
            throw .syntax
        }
    }
}

/// How much a command may still return.
struct StreamReadBudget {
    /// COUNT: the maximum number of entries per stream.
    var perStream = Int.max
    /// MAXCOUNT: the maximum number of entries of all streams together.
    var entries = Int.max
    /// MAXSIZE: the maximum size of all entries together; the first may exceed it.
    var bytes = Int.max
    /// Whether the budget is used up.
    private(set) var isSpent = false
    private var hasFirst = false

    /// Checks that the limits are consistent.
    func check() throws(CommandError) {
        guard entries == .max || perStream == .max || entries >= perStream else {
            throw .streamWords(.countsCrossed)
        }
    }

    /// The maximum number of entries from the next stream.
    var limit: Int { min(perStream, entries) }

    /// Counts an entry of `byteCount` bytes; returns false if it exceeds the budget.
    mutating func take(_ byteCount: Int) -> Bool {
        if hasFirst, byteCount > bytes {
            isSpent = true
            return false
        }
        hasFirst = true
        bytes = max(bytes - byteCount, 0)
        entries -= 1
        if entries == 0 { isSpent = true }
        return true
    }
}
