internal import Commands
internal import Primitives
internal import Wire

/// The words of MIGRATE.
struct MigrateRequest {
    /// The destination of the keys, and how they are moved.
    struct Target: Equatable {
        let host: String
        let port: Int
        fileprivate(set) var database = 0
        /// The timeout of each step of the communication.
        fileprivate(set) var timeoutMilliseconds = MigrateRequest.usualTimeoutMilliseconds
        /// Whether the keys stay here, too.
        var copies = false
        /// The user name, if given, and the password; empty without AUTH.
        var credentials: [[UInt8]] = []
    }

    private(set) var target: Target
    /// Whether keys replace existing ones.
    private(set) var replaces = false
    /// The indexes of the keys among the words.
    private(set) var keys: Range<Int>

    fileprivate static let usualTimeoutMilliseconds = 1000

    /// Parses the words of a request, the first of which is its name.
    init(_ arguments: Arguments) throws(CommandError) {
        target = Target(
            host: arguments[1].string,
            // An invalid port becomes 0, to which nothing can connect.
            port: Int(DecimalText.integer(arguments[2]) ?? 0)
        )
        keys = 3..<4
        try takeOptions(arguments)
        let timeout = try arguments.integer(5)
        target.database = Int(try arguments.integer(4))
        if timeout > 0 { target.timeoutMilliseconds = Int(min(timeout, Int64(Int32.max))) }
    }

    private mutating func takeOptions(_ arguments: Arguments) throws(CommandError) {
        var index = 6
        while index < arguments.count {
            let word = arguments[index]
            let left = arguments.count - index - 1
            if word.isWord("COPY") {
                target.copies = true
            } else if word.isWord("REPLACE") {
                replaces = true
            } else if word.isWord("AUTH"), left >= 1 {
                target.credentials = [arguments[index + 1].array]
                index += 1
            } else if word.isWord("AUTH2"), left >= 2 {
                target.credentials = [arguments[index + 1].array, arguments[index + 2].array]
                index += 2
            } else if word.isWord("KEYS") {
                guard arguments[3].count == 0 else { throw .server(.migratedKeys) }
                keys = index + 1..<arguments.count
                return
            } else {
                throw .syntax
            }
            index += 1
        }
    }
}
