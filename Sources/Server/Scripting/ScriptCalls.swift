internal import Commands
internal import Primitives
internal import Scripting
internal import Wire

/// Determines which command calls in a script use declared keys only.
enum ScriptCalls {
    /// Whether all keys used by a call are declared.
    ///
    /// Considers every form of the command that the known words allow.
    static func areConfined(_ words: [KeyProof.Word], _ registry: Registry) -> Bool {
        guard case .literal(let name)? = words.first else { return false }
        guard var number = name.withBytes({ registry.table.row($0) }) else { return false }
        if registry.row(number).isContainer {
            guard words.count > 1, case .literal(let child) = words[1],
                let row = child.withBytes({ registry.table.subcommand($0, of: number) })
            else { return false }
            number = row
        }
        let facts = registry.table.facts[number]
        guard facts.flags.isDisjoint(with: [.allPartitions, .locksItself, .stopsWorld, .noScript])
        else { return false }
        return facts.keys.allSatisfy { areConfined($0, words) }
    }

    private static func areConfined(_ spec: KeySpec, _ words: [KeyProof.Word]) -> Bool {
        guard case .index(let start) = spec.begin, !spec.use.contains(.incomplete) else {
            return false
        }
        switch spec.find {
        case .unknown: return false
        case .range(let last, let step, let limit):
            guard last < 0 else {
                return stride(from: start, through: start + last, by: max(step, 1))
                    .allSatisfy { isKey($0, words) }
            }
            guard limit <= 1 else { return false }
            if step == 1, last == -1 {
                return start < words.count
                    && words[start...].allSatisfy { $0 == .key || $0 == .keys }
            }
            // If the number of words is unknown, the keys cannot be told apart.
            guard isCounted(words) else { return false }
            return stride(from: start, through: words.count + last, by: step)
                .allSatisfy { isKey($0, words) }
        case .counted(let count, let first, let step):
            guard start + count < words.count, case .literal(let text) = words[start + count],
                let number = text.withBytes({ DecimalText.integer($0) }), number >= 0,
                number < 1024
            else { return false }
            let from = start + first
            return (0..<Int(number)).allSatisfy { isKey(from + $0 * step, words) }
        }
    }

    /// Whether the number of words is known.
    private static func isCounted(_ words: [KeyProof.Word]) -> Bool {
        words.last != .keys && words.last != .others
    }

    /// Whether the word at `index`, if it exists, is a declared key.
    private static func isKey(_ index: Int, _ words: [KeyProof.Word]) -> Bool {
        if index < words.count { return words[index] == .key || words[index] == .keys }
        return words.last == .keys || isCounted(words)
    }
}
