/// The rules about commands in the form in which they are reported.
///
/// They start from all commands or none; each name appears once, in the order in which it was last
/// used.
struct CommandRules: Equatable, Sendable {
    private struct Rule: Equatable {
        let order: Int
        let isAllowed: Bool
    }

    /// Whether all commands, including future ones, were allowed before the rules.
    private(set) var startsFromAll = false
    private var rules: [[UInt8]: Rule] = [:]
    /// The names with a bar, by the text before it.
    private var parts: [[UInt8]: Set<[UInt8]>] = [:]
    private var next = 0

    /// Removes all rules.
    mutating func startOver(fromAll: Bool) {
        self = CommandRules()
        startsFromAll = fromAll
    }

    /// Adds a rule about `name`, in lower case.
    ///
    /// It replaces rules about the same name, and, if that is a whole command, about its
    /// subcommands.
    mutating func add(_ name: [UInt8], isAllowed: Bool) {
        for part in parts.removeValue(forKey: name) ?? [] { rules[part] = nil }
        if let bar = name.firstIndex(of: UInt8(ascii: "|")) {
            parts[Array(name[..<bar]), default: []].insert(name)
        }
        rules[name] = Rule(order: next, isAllowed: isAllowed)
        next += 1
    }

    /// The rules in one line.
    var text: [UInt8] {
        var text = Array((startsFromAll ? "+@all" : "-@all").utf8)
        for (name, rule) in rules.sorted(by: { $0.value.order < $1.value.order }) {
            text += [UInt8(ascii: " "), UInt8(ascii: rule.isAllowed ? "+" : "-")] + name
        }
        return text
    }
}
