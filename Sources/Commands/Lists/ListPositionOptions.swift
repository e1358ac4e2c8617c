internal import Primitives
internal import Wire

/// The options of LPOS.
struct ListPositionOptions {
    /// Whether to search backwards from the end.
    private(set) var reversed = false
    /// The number of matches to skip.
    private(set) var skipped = 0
    /// The maximum number of matches; nil for the first one alone, not in an array.
    private(set) var count: Int?
    /// The maximum number of elements to compare.
    private(set) var lengthMax = Int.max

    /// Parses the words from 3 on.
    init(_ arguments: Arguments) throws(CommandError) {
        for index in stride(from: 3, to: arguments.count, by: 2) {
            let word = arguments[index]
            guard index + 1 < arguments.count else { throw .syntax }
            if word.isWord("RANK") {
                try readRank(arguments, index + 1)
            } else if word.isWord("COUNT") {
                count = try ListPositionOptions.amount(
                    arguments,
                    index + 1,
                    or: .list(.negativeCount)
                )
            } else if word.isWord("MAXLEN") {
                lengthMax = try ListPositionOptions.amount(
                    arguments,
                    index + 1,
                    or: .list(.negativeLength)
                )
            } else {
                throw .syntax
            }
        }
    }

    private mutating func readRank(_ arguments: Arguments, _ index: Int) throws(CommandError) {
        let rank = try arguments.integer(index)
        guard rank != .min else { throw .noMagnitude }
        guard rank != 0 else { throw .list(.zeroRank) }
        reversed = rank < 0
        skipped = Int(rank.magnitude) - 1
    }

    /// A non-negative number; 0 means no limit.
    private static func amount(
        _ arguments: Arguments,
        _ index: Int,
        or error: CommandError
    ) throws(CommandError) -> Int {
        let amount = try arguments.integer(index, in: 0...Int64.max, or: error)
        return amount == 0 ? .max : amount
    }
}
