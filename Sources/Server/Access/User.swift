internal import Commands
internal import Primitives
internal import Wire

/// A user of the server: its name and what it may do.
///
/// It never changes; ACL SETUSER puts another one in its place. Sessions count references to it.
final class User: @unchecked Sendable {  // because: never changed after `init`
    private let nameText: ByteBuffer
    let rules: UserRules
    /// Whether nothing is ever denied to it, so that nobody need ask.
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

    /// The name, lent for as long as the user is there.
    var name: Bytes { nameText.bytes }

    /// Whether somebody who gives `password` may become it.
    func accepts(_ password: Bytes) -> Bool {
        rules.isOn && (rules.needsNoPassword || rules.has(password))
    }

    /// Whether clients need not say who they are to be this user.
    var isOpen: Bool { rules.isOn && rules.needsNoPassword }

    /// The line of a file that makes this user.
    var line: [UInt8] { Array("user ".utf8) + name.array + [UInt8(ascii: " ")] + rules.text }

    /// What keeps a request from running in `database`, if something does: of what the selectors
    /// say, that which came nearest.
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

    /// Whether it may have subscribed to all of these channels and patterns.
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

    /// Whether a request that is allowed may read keys that it does not name: one selector must
    /// allow both.
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
