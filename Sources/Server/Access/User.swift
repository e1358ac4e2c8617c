internal import Commands
internal import Primitives
internal import Wire

/// A user: its name and its permissions.
///
/// It is immutable; ACL SETUSER replaces it by another one. Sessions count references to it.
final class User: @unchecked Sendable {  // because: never changed after `init`
    private let nameText: ByteBuffer
    let rules: UserRules
    /// Whether nothing is ever denied to it, so that no check is needed.
    let isUnrestricted: Bool

    init(_ name: [UInt8], _ rules: UserRules) {
        var text = ByteBuffer(capacity: max(name.count, 1))
        name.withBytes { text.append($0) }
        nameText = text
        var rules = rules
        rules.settle()
        self.rules = rules
        isUnrestricted = rules.selectors.contains { $0.isUnrestricted }
    }

    /// The name, borrowed for the lifetime of the user.
    var name: Bytes { nameText.bytes }

    /// Whether a client may authenticate with `password`.
    func accepts(_ password: Bytes) -> Bool {
        rules.isOn && (rules.needsNoPassword || rules.has(password))
    }

    /// Whether clients need not authenticate to be this user.
    var isOpen: Bool { rules.isOn && rules.needsNoPassword }

    /// The line of a file that creates this user.
    var line: [UInt8] { Array("user ".utf8) + name.array + [UInt8(ascii: " ")] + rules.text }

    /// Why a request may not run in `database`, according to the selector that comes closest.
    ///
    /// Nil if it may.
    func denial(
        _ row: Int,
        _ facts: CommandFacts,
        _ arguments: Arguments,
        database: Int
    ) -> AccessDenial? {
        var nearest: AccessDenial?
        for selector in rules.selectors {
            guard
                let denial = selector.denial(row, facts, arguments, database: database)
            else { return nil }
            if nearest.map({ denial.tellsMore(than: $0) }) ?? true { nearest = denial }
        }
        return nearest
    }

    /// Whether it may keep subscriptions to all of these channels and patterns.
    func mayHold(_ subscriptions: Subscriptions) -> Bool {
        ChannelKind.allCases.allSatisfy { kind in
            subscriptions.names(kind).allSatisfy { name in
                name.withBytes { name in
                    rules.selectors.contains {
                        $0.allows(channel: name, isPattern: kind == .pattern)
                    }
                }
            }
        }
    }

    /// Whether an allowed request may read keys that it does not name.
    ///
    /// A single selector must allow both.
    func mayReadAllKeys(
        _ row: Int,
        _ facts: CommandFacts,
        _ arguments: Arguments,
        database: Int
    ) -> Bool {
        rules.selectors.contains {
            $0.allowsReadingAllKeys
                && $0.denial(row, facts, arguments, database: database) == nil
        }
    }
}
