internal import Primitives
internal import Wire

/// The options of SET.
struct SetOptions {
    private(set) var condition = ValueCondition.always
    private(set) var returnsOld = false
    /// Whether the key keeps its expiry.
    let keepsExpiry: Bool
    /// The moment in milliseconds since 1970.
    let expiry: Int64?

    /// Reads the words from `start` on.
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
        // The words must all make sense before the time is looked at.
        expiry = try words.moment(now: now)
    }
}
