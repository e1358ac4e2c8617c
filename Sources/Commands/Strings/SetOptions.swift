internal import Primitives
internal import Wire

/// The options of SET.
struct SetOptions {
    private(set) var condition = ValueCondition.always
    private(set) var returnsOld = false
    /// Whether the key keeps its expiry.
    let keepsExpiry: Bool
    /// The expiry in milliseconds since 1970.
    let expiry: Int64?

    /// Parses the words from `start` on.
    init(_ arguments: Arguments, from start: Int, now: Int64) throws(CommandError) {
        var index = start
        var words = ExpiryWords()
        while index < arguments.count {
            if let condition = try ValueCondition(arguments, &index) {
                guard self.condition.mayBecome(condition) else { throw .syntax }
                self.condition = condition
            } else if arguments[index].isWord("GET") {
                returnsOld = true
            } else if try !words.take(arguments, &index, allowing: .keep) {
                throw .syntax
            }
            index += 1
        }
        keepsExpiry = words.keepsExpiry
        // All words must be valid before the time is parsed.
        expiry = try words.moment(now: now)
    }
}
