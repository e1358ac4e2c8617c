internal import Commands
internal import Primitives

/// The users of the server.
///
/// They change only while the world is stopped; at all other times, workers may read them.
final class AccessControl: @unchecked Sendable {  // because: see above
    /// The name of the user that clients have until they authenticate.
    static let standardName = Array("default".utf8)

    let vocabulary: AccessVocabulary
    /// The users by name.
    private(set) var users: [[UInt8]: User] = [:]
    /// The user that clients have until they authenticate.
    private(set) var standard: User
    /// The log of denials.
    let log = AccessLog()

    /// The initial default user, which may do everything.
    init(_ vocabulary: AccessVocabulary) {
        self.vocabulary = vocabulary
        standard = AccessControl.freshStandard(vocabulary)
        users = [AccessControl.standardName: standard]
    }

    private static func freshStandard(_ vocabulary: AccessVocabulary) -> User {
        var rules = UserRules(vocabulary, allowsAllChannels: true)
        let words = ["on", "nopass", "allkeys", "allcommands"].map { Array($0.utf8) }
        let failed = rules.apply(words, vocabulary)
        precondition(failed == nil, "the rules are valid")
        return User(standardName, rules)
    }

    /// The users in order of their names.
    var sorted: [User] {
        users.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// The user named `name`, or nil.
    subscript(name: Bytes) -> User? { users[name.array] }

    // MARK: Changes; the world is stopped

    /// Adds a user, replacing any of the same name.
    func put(_ user: User) {
        users[user.name.array] = user
        if user.name == Bytes("default") { standard = user }
    }

    /// Removes a user.
    ///
    /// Precondition: it is not the default user.
    func remove(_ user: User) {
        precondition(user !== standard, "the default user stays")
        users[user.name.array] = nil
    }

    /// Replaces all users by these.
    ///
    /// Without a default user among them, resets it to its initial state.
    func replaceAll(_ next: [User]) {
        users = [:]
        standard = AccessControl.freshStandard(vocabulary)
        put(standard)
        for user in next { put(user) }
    }

    /// Gives the default user a single password, or (empty) none.
    func setPassword(_ password: [UInt8]) {
        var rules = standard.rules
        let words =
            password.isEmpty
            ? [Array("nopass".utf8)]
            : [Array("resetpass".utf8), [UInt8(ascii: ">")] + password]
        let failed = rules.apply(words, vocabulary)
        precondition(failed == nil, "the rules are valid")
        put(User(AccessControl.standardName, rules))
    }
}
