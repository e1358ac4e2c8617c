internal import Commands
internal import Primitives

/// The users of the server.
///
/// They change only while the world is stopped; workers read them at any other time.
final class AccessControl: @unchecked Sendable {  // because: see above
    /// The name of the user that clients are until they say who they are.
    static let standardName = Array("default".utf8)

    let vocabulary: AccessVocabulary
    /// By their names.
    private(set) var users: [[UInt8]: User] = [:]
    /// What clients are until they say who they are.
    private(set) var standard: User
    /// What was denied.
    let log = AccessLog()

    /// The one user that there is before anybody says otherwise: it may do everything.
    init(_ vocabulary: AccessVocabulary) {
        self.vocabulary = vocabulary
        standard = AccessControl.freshStandard(vocabulary)
        users = [AccessControl.standardName: standard]
    }

    private static func freshStandard(_ vocabulary: AccessVocabulary) -> User {
        var rules = UserRules(vocabulary, allowsAllChannels: true)
        let words = ["on", "nopass", "allkeys", "allcommands"].map { Array($0.utf8) }
        let failed = rules.apply(words, vocabulary)
        precondition(failed == nil, "the rules are good")
        return User(standardName, rules)
    }

    /// The users in the order of their names.
    var sorted: [User] {
        users.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// The user with a name.
    subscript(name: Bytes) -> User? { users[name.array] }

    // MARK: Changes; the world is stopped

    /// Puts a user into the place of the one with its name, if there is one.
    func put(_ user: User) {
        users[user.name.array] = user
        if user.name == Bytes("default") { standard = user }
    }

    /// Takes a user out.
    ///
    /// Precondition: it is not the standard one.
    func remove(_ user: User) {
        precondition(user !== standard, "the default user stays")
        users[user.name.array] = nil
    }

    /// Has these users and no others; where none of them is the standard one, that becomes what it
    /// was at first.
    func replaceAll(_ next: [User]) {
        users = [:]
        standard = AccessControl.freshStandard(vocabulary)
        put(standard)
        for user in next { put(user) }
    }

    /// Gives the standard user one password, or (empty) none.
    func setPassword(_ password: [UInt8]) {
        var rules = standard.rules
        let words =
            password.isEmpty
            ? [Array("nopass".utf8)]
            : [Array("resetpass".utf8), [UInt8(ascii: ">")] + password]
        let failed = rules.apply(words, vocabulary)
        precondition(failed == nil, "the rules are good")
        put(User(AccessControl.standardName, rules))
    }
}
