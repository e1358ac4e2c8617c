/// Properties derived from a command's facts.
extension CommandFacts {
    /// The ACL categories in Redis' order, without the `@`.
    public static let categoryOrder: [StaticString] = [
        "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap",
        "hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking",
        "dangerous", "connection", "transaction", "scripting",
    ]

    /// The ACL categories of the command, without the `@`.
    public var aclCategories: [StaticString] {
        var names: Set<String> = Set(categories.map(\.description))
        // A command for several types is in the categories of those types instead of `keyspace`.
        let isOfTypes = group == .generic && names.contains("sortedset")
        if let category = group.category, !isOfTypes { names.insert(category.description) }
        if flags.contains(.write) { names.insert("write") }
        if flags.contains(.readonly), group != .scripting { names.insert("read") }
        if flags.contains(.admin) { names.formUnion(["admin", "dangerous"]) }
        if flags.contains(.pubsub) { names.insert("pubsub") }
        if flags.contains(.blocking) { names.insert("blocking") }
        names.insert(flags.contains(.fast) ? "fast" : "slow")
        return CommandFacts.categoryOrder.filter { names.contains($0.description) }
    }

    /// The flags listed by COMMAND DOCS: `deprecated`, `syscmd`.
    public var documentationFlags: [StaticString] {
        (deprecation == nil ? [] : ["deprecated"]) + (isInternal ? ["syscmd"] : [])
    }

    /// The first key, the last key and the step between keys, in the form used before key specs.
    ///
    /// Zeros if that form cannot express them.
    public var keyRange: (first: Int, last: Int, step: Int) {
        var first = 0
        var last = 0
        var step = 0
        for spec in keys {
            guard case .index(let index) = spec.begin, case .range(let end, let each, _) = spec.find
            else { continue }
            let specLast = end >= 0 ? index + end : end
            if first == 0 {
                (first, last, step) = (index, specLast, each)
            } else if last == index - 1, step == 1, each == 1 {
                last = specLast
            }
        }
        return (first, last, step)
    }
}

extension CommandTable {
    /// The ACL categories of the command in `row`, without the `@`.
    ///
    /// As its facts say, except that a mere container of subcommands is in none of its group's.
    public func aclCategories(_ row: Int) -> [StaticString] {
        let isContainer = subcommands[row] != nil && facts[row].arity < -1
        return isContainer ? ["slow"] : facts[row].aclCategories
    }
}
