internal import Primitives
public import Wire

/// What a request does with its keys, if that depends on its other words.
extension KeyFinder {
    /// Calls `body` with the index of every key of `arguments` and how the request uses it.
    ///
    /// Leaves out sharded channels, which are routed like keys but are not keys. Complexity:
    /// O(words). Throws if the request is not a valid call of the command, possibly after calls of
    /// `body`.
    public static func forEachUse(
        _ facts: CommandFacts,
        _ arguments: Arguments,
        _ body: (Int, KeySpec.Use) -> Void
    ) throws(Failure) {
        try forEach(facts.keys, arguments) { index, spec in
            guard !spec.use.contains(.notKey) else { return }
            body(index, use(spec.use, facts, in: arguments))
        }
        if let target = target(facts, arguments) { body(target, [.ow, .update]) }
    }

    /// How a request uses a key whose spec says `use`.
    ///
    /// SET without GET only overwrites; BITFIELD without SET and INCRBY only reads.
    private static func use(
        _ use: KeySpec.Use,
        _ facts: CommandFacts,
        in call: Arguments
    ) -> KeySpec.Use {
        guard use.contains(.variable) else { return use.subtracting(.incomplete) }
        guard use.contains(.update) else { return use.subtracting(.variable) }
        if facts.group == .bitmap {
            let writes = has(call, from: 2) { $0.isWord("SET") || $0.isWord("INCRBY") }
            return writes ? use.subtracting(.variable) : [.ro, .access]
        }
        let reads = has(call, from: 3) { $0.isWord("GET") }
        return reads ? use.subtracting(.variable) : [.ow, .update]
    }

    private static func has(
        _ call: Arguments,
        from start: Int,
        _ matches: (Bytes) -> Bool
    ) -> Bool {
        (start..<max(start, call.count)).contains { matches(call[$0]) }
    }

    /// The index of the key that a command such as SORT stores to, which no spec can describe.
    ///
    /// If there are several, the last one counts.
    private static func target(_ facts: CommandFacts, _ call: Arguments) -> Int? {
        guard facts.keys.contains(where: { $0.isUnknown && $0.use.contains(.ow) }) else {
            return nil
        }
        var target: Int?
        var index = 2
        while index < call.count {
            let word = call[index]
            if word.isWord("LIMIT") {
                index += 2
            } else if word.isWord("GET") || word.isWord("BY") {
                index += 1
            } else if word.isWord("STORE"), index + 1 < call.count {
                target = index + 1
            }
            index += 1
        }
        return target
    }
}
