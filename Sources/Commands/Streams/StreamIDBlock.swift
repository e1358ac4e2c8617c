internal import Primitives
internal import Structures
internal import Wire

/// The block `IDS numids id [id …]` of XDELEX, XACKDEL and XNACK, and the words around it.
struct StreamIDBlock {
    /// The number of ids.
    private(set) var count = 0
    /// XDELEX, XACKDEL: what to do with references to the entries.
    private(set) var references = StreamReferences.keep
    /// XNACK: the delivery count to set.
    private(set) var retryCount: Int64?
    /// XNACK: whether to make entries pending that are not.
    private(set) var isForced = false
    private var start = 0

    /// Parses the words from `first` on; `forRelease` is true for XNACK.
    init(
        _ arguments: Arguments,
        from first: Int,
        forRelease: Bool = false
    ) throws(CommandError) {
        var index = first
        var hasReferences = false
        while index < arguments.count {
            let word = arguments[index]
            if word.isWord("IDS"), count == 0, index + 1 < arguments.count {
                count = try arguments.integer(
                    index + 1,
                    in: 1...Int64.max,
                    or: .streamWords(.idCount)
                )
                guard count <= arguments.count - index - 2 else {
                    throw .streamWords(.idCountMismatch)
                }
                start = index + 2
                index = start + count
            } else if !forRelease, !hasReferences, let rule = StreamReferences(word) {
                references = rule
                hasReferences = true
                index += 1
            } else if forRelease, word.isWord("FORCE") {
                isForced = true
                index += 1
            } else if forRelease, word.isWord("RETRYCOUNT"), index + 1 < arguments.count {
                let number = try arguments.integer(index + 1)
                guard number >= 0 else {
                    throw .streamGroup(.retryCount)
                }
                retryCount = number
                index += 2
            } else {
                throw .syntax
            }
        }
        guard count > 0 else { throw .syntax }
        // All ids must be valid before anything changes.
        for index in 0..<count { _ = try id(index, arguments) }
    }

    /// The id at `index` of the block.
    func id(_ index: Int, _ arguments: Arguments) throws(CommandError) -> StreamID {
        try StreamID(arguments[start + index])
    }
}
