internal import Commands
internal import Primitives
internal import Wire

/// Descriptions of commands for COMMAND INFO and COMMAND DOCS.
extension ReplyWriter {
    /// Writes a text without line breaks as a simple string, for the control plane.
    mutating func simple(string: String) {
        Array(string.utf8).withBytes { simple($0) }
    }

    /// Writes names as a set of simple strings.
    mutating func names(_ names: [StaticString]) {
        set(names.count)
        for name in names { simple(name) }
    }

    /// Writes a row for COMMAND INFO: ten fields.
    mutating func describe(_ row: Int, _ table: CommandTable) {
        let facts = table.facts[row]
        let range = facts.keyRange
        array(10)
        facts.clientName.withBytes { bulk($0) }
        integer(facts.arity)
        names(facts.flags.names)
        integer(range.first)
        integer(range.last)
        integer(range.step)
        let categories = table.aclCategories(row)
        set(categories.count)
        for category in categories {
            simple(Bytes("@"), then: Bytes(category))
        }
        set(facts.tips.count)
        for tip in facts.tips { bulk(tip) }
        set(facts.keys.count)
        for spec in facts.keys { describe(spec) }
        guard let children = table.subcommands[row] else { return set(0) }
        array(children.count)
        for child in children { describe(child, table) }
    }

    private mutating func describe(_ spec: KeySpec) {
        map(3)
        bulk("flags")
        names(spec.use.names)
        bulk("begin_search")
        describe(spec.begin)
        bulk("find_keys")
        describe(spec.find)
    }

    private mutating func describe(_ begin: KeySpec.Begin) {
        map(2)
        bulk("type")
        switch begin {
        case .index(let index):
            bulk("index")
            bulk("spec")
            map(1)
            field("index", index)
        case .keyword(let word, let from):
            bulk("keyword")
            bulk("spec")
            map(2)
            bulk("keyword")
            bulk(word)
            field("startfrom", from)
        case .unknown:
            bulk("unknown")
            bulk("spec")
            map(0)
        }
    }

    private mutating func describe(_ find: KeySpec.Find) {
        map(2)
        bulk("type")
        switch find {
        case .range(let last, let step, let limit):
            bulk("range")
            bulk("spec")
            map(3)
            field("lastkey", last)
            field("keystep", step)
            field("limit", limit)
        case .counted(let count, let first, let step):
            bulk("keynum")
            bulk("spec")
            map(3)
            field("keynumidx", count)
            field("firstkey", first)
            field("keystep", step)
        case .unknown:
            bulk("unknown")
            bulk("spec")
            map(0)
        }
    }

    private mutating func field(_ name: StaticString, _ value: Int) {
        bulk(name)
        integer(value)
    }

    // MARK: COMMAND DOCS

    /// Writes a row for COMMAND DOCS.
    mutating func explain(_ row: Int, _ table: CommandTable) {
        let facts = table.facts[row]
        let arguments = CommandGrammar.arguments(facts.syntax)
        let children = table.subcommands[row] ?? []
        let flags = facts.documentationFlags
        map(
            4 + (flags.isEmpty ? 0 : 1) + (facts.deprecation == nil ? 0 : 2)
                + (arguments.isEmpty ? 0 : 1) + (children.isEmpty ? 0 : 1)
        )
        bulk("summary")
        bulk(facts.summary)
        bulk("since")
        bulk(facts.since)
        bulk("group")
        bulk(string: facts.group.rawValue)
        bulk("complexity")
        bulk(facts.complexity)
        if !flags.isEmpty {
            bulk("doc_flags")
            names(flags)
        }
        if let deprecation = facts.deprecation {
            bulk("deprecated_since")
            bulk(deprecation.since)
            bulk("replaced_by")
            bulk(deprecation.replacement)
        }
        if !arguments.isEmpty {
            bulk("arguments")
            var keyIndex = 0
            explain(arguments, &keyIndex, facts.keys.count)
        }
        if !children.isEmpty {
            bulk("subcommands")
            map(children.count)
            for child in children {
                table.facts[child].clientName.withBytes { bulk($0) }
                explain(child, table)
            }
        }
    }

    private mutating func explain(
        _ arguments: [CommandGrammar.Argument],
        _ keyIndex: inout Int,
        _ keyCount: Int
    ) {
        array(arguments.count)
        for argument in arguments { explain(argument, &keyIndex, keyCount) }
    }

    private mutating func explain(
        _ argument: CommandGrammar.Argument,
        _ keyIndex: inout Int,
        _ keyCount: Int
    ) {
        let hasFlags = argument.isOptional || argument.isMultiple
        let isKey = argument.type == "key" && keyCount > 0
        let isGroup = !argument.parts.isEmpty
        map(
            3 + (isKey ? 1 : 0) + (argument.token == nil ? 0 : 1)
                + (hasFlags ? 1 : 0)
        )
        bulk("name")
        bulk(string: argument.name)
        bulk("type")
        bulk(string: argument.type)
        if !isGroup {
            bulk("display_text")
            bulk(string: argument.name)
        }
        if isKey {
            bulk("key_spec_index")
            integer(min(keyIndex, keyCount - 1))
            keyIndex += 1
        }
        if let token = argument.token {
            bulk("token")
            bulk(string: token)
        }
        if hasFlags {
            bulk("flags")
            var names: [StaticString] = []
            if argument.isOptional { names.append("optional") }
            if argument.isMultiple { names.append("multiple") }
            self.names(names)
        }
        if isGroup {
            bulk("arguments")
            explain(argument.parts, &keyIndex, keyCount)
        }
    }
}
