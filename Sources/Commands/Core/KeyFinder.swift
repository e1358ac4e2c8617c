internal import Primitives
public import Wire

/// Where the keys of a request stand, from its command's specs.
public enum KeyFinder {
    /// A key's place and use.
    public struct Found: Sendable {
        /// The word.
        public let index: Int
        /// What happens to it.
        public let use: KeySpec.Use
    }

    /// Why there is no telling.
    public enum Failure: Error {
        /// The request's words do not fit the specs.
        case invalid
    }

    /// The keys of `arguments`, in the order of the specs.
    ///
    /// Complexity: O(words). Throws: the request is no good call of the command.
    public static func keys(
        _ specs: [KeySpec], _ arguments: Arguments
    ) throws(Failure) -> [Found] {
        var found: [Found] = []
        for spec in specs {
            guard let start = begin(spec.begin, arguments) else { continue }
            let indices = try find(spec.find, from: start, arguments)
            for index in indices { found.append(Found(index: index, use: spec.use)) }
        }
        return found
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
        _ find: KeySpec.Find, from start: Int, _ arguments: Arguments
    ) throws(Failure) -> [Int] {
        switch find {
        case .unknown: return []
        case .range(let last, let step, let limit):
            var end = last >= 0 ? start + last : arguments.count + last
            if last < 0, limit > 1 { end = start + (arguments.count - start) / limit - 1 }
            guard end < arguments.count, start < arguments.count else { throw .invalid }
            return Array(stride(from: start, through: end, by: step))
        case .counted(let count, let first, let step):
            guard start + count < arguments.count,
                let number = DecimalText.integer(arguments[start + count]), number >= 0,
                number <= Int64(arguments.count)
            else { throw .invalid }
            let from = start + first
            guard number == 0 || from + (Int(number) - 1) * step < arguments.count else {
                throw .invalid
            }
            return (0..<Int(number)).map { from + $0 * step }
        }
    }
}
