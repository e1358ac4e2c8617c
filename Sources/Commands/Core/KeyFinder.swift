internal import Primitives
public import Wire

/// Finds the keys of a request by the specs of its command.
public enum KeyFinder {
    /// The position and use of a key.
    public struct Found: Sendable {
        /// The index of the word.
        public let index: Int
        /// What the command does with it.
        public let use: KeySpec.Use

        /// Creates a result.
        public init(index: Int, use: KeySpec.Use) {
            self.index = index
            self.use = use
        }
    }

    /// Why keys cannot be found.
    public enum Failure: Error {
        /// The words do not match the specs.
        case invalid
    }

    /// The keys of `arguments`, in the order of the specs.
    ///
    /// Complexity: O(words).
    ///
    /// Throws: `invalid`, if the request is not a valid call of the command.
    public static func keys(
        _ specs: [KeySpec],
        _ arguments: Arguments
    ) throws(Failure) -> [Found] {
        var found: [Found] = []
        try forEach(specs, arguments) { found.append(Found(index: $0, use: $1.use)) }
        return found
    }

    /// Calls `body` with the position of every key and its spec, without allocating memory.
    ///
    /// Leaves out what is routed like a key but is not one. Complexity: O(words). Throws if the
    /// request is not a valid call of the command, possibly after calls of `body`.
    public static func forEach(
        _ specs: [KeySpec],
        _ arguments: Arguments,
        _ body: (Int, KeySpec) -> Void
    ) throws(Failure) {
        for spec in specs where !spec.use.contains(.notKey) {
            guard let start = begin(spec.begin, arguments) else { continue }
            for index in try find(spec.find, from: start, arguments) { body(index, spec) }
        }
    }

    private static func begin(_ begin: KeySpec.Begin, _ arguments: Arguments) -> Int? {
        switch begin {
        case .index(let index): return index
        case .unknown: return nil
        case .keyword(let word, let from):
            let start = from >= 0 ? from : arguments.count + from
            let step = from >= 0 ? 1 : -1
            var index = start
            while index > 0, index < arguments.count {
                if arguments[index].isWord(word) {
                    return index + 1 < arguments.count ? index + 1 : nil
                }
                index += step
            }
            return nil
        }
    }

    private static func find(
        _ find: KeySpec.Find,
        from start: Int,
        _ arguments: Arguments
    ) throws(Failure) -> StrideTo<Int> {
        switch find {
        case .unknown: return stride(from: 0, to: 0, by: 1)
        case .range(let last, let step, let limit):
            var end = last >= 0 ? start + last : arguments.count + last
            if last < 0, limit > 1 { end = start + (arguments.count - start) / limit - 1 }
            guard end < arguments.count, start < arguments.count else { throw .invalid }
            return stride(from: start, to: end + 1, by: step)
        case .counted(let count, let first, let step):
            guard start + count < arguments.count,
                let number = DecimalText.integer(arguments[start + count]), number >= 0,
                number <= Int64(arguments.count)
            else { throw .invalid }
            let from = start + first
            guard number == 0 || from + (Int(number) - 1) * step < arguments.count else {
                throw .invalid
            }
            return stride(from: from, to: from + Int(number) * step, by: step)
        }
    }
}
