internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// HINDEX and HFIND: finding hashes by their fields and values.
enum HashIndexCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("HINDEX", arity: -2, [], group: .hash, since: "Apus 1.0", complexity: "Depends on the subcommand", syntax: "", summary: "Holds the subcommands about indexes over hashes.", help),
        AdminCommand("HINDEX CREATE", arity: -6, [.write, .denyOOM, .noScript, .stopsWorld], group: .hash, since: "Apus 1.0", complexity: "O(1); the index is built in the background, O(N) with N keys", syntax: "name ON PREFIX prefix... [FIELDS field...]", summary: "Creates an index over the hashes whose keys begin with a prefix.", create),
        AdminCommand("HINDEX DROP", arity: 3, [.write, .noScript, .stopsWorld], group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of terms", syntax: "name", summary: "Removes an index, but not the hashes.", drop),
        AdminCommand("HINDEX LIST", arity: 2, [.readonly], group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of indexes", syntax: "", summary: "Lists the indexes.", names),
        AdminCommand("HINDEX INFO", arity: 3, [.readonly, .allPartitions], group: .hash, since: "Apus 1.0", complexity: "O(1)", syntax: "name", summary: "Returns what an index covers and how much memory it uses.", describe),
        AdminCommand("HINDEX STATS", arity: 3, [.readonly, .movableKeys, .allPartitions], keys: [KeySpec(.unknown, .unknown, [.ro, .access])], group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of different fields", syntax: "name", summary: "Returns how many hashes have each field.", count),
        AdminCommand("HINDEX HELP", arity: 2, [.loading, .stale], group: .hash, since: "Apus 1.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of HINDEX.", help),
        AdminCommand("HFIND", arity: -4, [.readonly, .movableKeys, .allPartitions], keys: [KeySpec(.unknown, .unknown, [.ro, .access])], group: .hash, since: "Apus 1.0", complexity: "O(N) where N is the number of hashes with the rarest of the terms", syntax: "name operator operand... [LIMIT limit=<offset:i count:i>] [WITHFIELDS] [PARTIAL]", summary: "Finds the hashes that match (hstore's operators with an index).", find),
    ]
}

extension HashIndexCommands {
    /// `HINDEX CREATE name ON PREFIX prefix … [FIELDS field …]`: OK.
    static func create(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let server = call.server
        let words = (2..<arguments.count).map { arguments[$0].array }
        let definition = try HashIndexDefinition(words)
        guard server.indexes.find(arguments[2]) == nil else {
            return call.refuse("ERR index already exists")
        }
        guard server.indexes.list.count < HashIndexes.countMax else {
            return call.refuse("ERR too many indexes")
        }
        let index = HashIndex(definition, database: call.session.database, server.keyspace)
        server.changeIndexes(call.worker) { server.indexes.add(index) }
        call.noteIndexChange(arguments)
        call.reply.ok()
    }

    /// `HINDEX DROP name`: OK.
    static func drop(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let index = find(arguments[2], call) else { return }
        call.server.changeIndexes(call.worker) { call.server.indexes.remove(index) }
        call.noteIndexChange(arguments)
        call.reply.ok()
    }

    /// The index named `name`; if there is none, replies so.
    private static func find(_ name: Bytes, _ call: AdminCall) -> HashIndex? {
        let index = call.server.indexes.find(name)
        if index == nil { call.refuse("ERR no such index") }
        return index
    }

    /// Throws if the user may not read all keys, as the request names none.
    private static func demandAllKeys(_ call: AdminCall) throws(CommandError) {
        guard !call.worker.executor.context.readsNamedKeysOnly else { throw .access(.key) }
    }

    // MARK: Reports

    /// `HINDEX LIST`: the names.
    static func names(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        tell(call.server.indexes.list.map(\.definition.name), call)
    }

    /// `HINDEX INFO name`: a map.
    static func describe(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let index = find(arguments[2], call) else { return }
        call.reply.map(6)
        call.reply.bulk("database")
        call.reply.integer(index.database)
        call.reply.bulk("prefixes")
        tell(index.definition.prefixes, call)
        call.reply.bulk("fields")
        tell(index.definition.fields, call)
        call.reply.bulk("state")
        call.reply.bulk(index.isComplete ? "ready" : "loading")
        call.reply.bulk("hashes")
        call.reply.integer(index.parts.reduce(0) { $0 + $1.count })
        call.reply.bulk("bytes")
        call.reply.integer(index.byteCount)
    }

    private static func tell(_ words: [[UInt8]], _ call: AdminCall) {
        call.reply.array(words.count)
        for word in words { word.withBytes { call.reply.bulk($0) } }
    }

    /// `HINDEX STATS name`: a map from fields to the numbers of hashes that have them, most first.
    static func count(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try demandAllKeys(call)
        guard let index = find(arguments[2], call) else { return }
        let keyspace = call.server.keyspace
        var counts: [[UInt8]: Int] = [:]
        for part in index.parts {
            part.forEachField { counts[$0, default: 0] += $1 }
            part.forEachLarge { bytes in
                let key = Key(bytes, keyspace.hasher(bytes))
                let shard = keyspace.shard(key.hash, database: index.database)
                guard let slot = shard.find(key), slot.entry.isKind(.hash) else { return }
                HashValue(slot).forEach(now: .min) { name, _ in
                    name.withBytes { counts[$0.array, default: 0] += 1 }
                    return true
                }
            }
        }
        let sorted = counts.sorted { left, right in
            left.value != right.value
                ? left.value > right.value : left.key.lexicographicallyPrecedes(right.key)
        }
        call.reply.map(sorted.count)
        for (name, count) in sorted {
            name.withBytes { call.reply.bulk($0) }
            call.reply.integer(count)
        }
    }

    // MARK: Finding

    /// The words after the operands of HFIND.
    private struct Options {
        var offset = 0
        var count = Int.max
        var withFields = false
        var isPartial = false
        /// Where the operator and its operands are.
        var query: Range<Int>

        init(_ arguments: Arguments) throws(CommandError) {
            var end = arguments.count
            var goesOn = true
            while goesOn, end > 4 {
                if !withFields, arguments[end - 1].isWord("WITHFIELDS") {
                    withFields = true
                    end -= 1
                } else if !isPartial, arguments[end - 1].isWord("PARTIAL") {
                    isPartial = true
                    end -= 1
                } else if end > 6, count == .max, arguments[end - 3].isWord("LIMIT") {
                    offset = Int(try arguments.integer(end - 2, in: 0...Int64.max, or: .outOfRange))
                    count = Int(try arguments.integer(end - 1, in: 0...Int64.max, or: .outOfRange))
                    end -= 3
                } else {
                    goesOn = false
                }
            }
            query = 2..<end
        }
    }

    /// `HFIND name operator operand … [LIMIT offset count] [WITHFIELDS] [PARTIAL]`: keys, or with
    /// WITHFIELDS, pairs of a key and its fields.
    static func find(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let options = try Options(arguments)
        try demandAllKeys(call)
        guard let index = find(arguments[1], call) else { return }
        let keyspace = call.server.keyspace
        let now = call.worker.executor.context.now
        let query = try HashQuery(arguments, options.query, keyspace.hasher) {
            index.includes(field: $0)
        }
        guard options.isPartial || index.isComplete else {
            return call.refuse("LOADING index")
        }
        let database = index.database
        let prefetch = { (hash: KeyHash, isEntry: Bool) in
            if isEntry {
                keyspace.prefetchEntry(hash, database: database)
            } else {
                keyspace.prefetchBucket(hash, database: database)
            }
        }
        let mark = call.reply.mark()
        var (skipped, found) = (0, 0)
        for part in index.parts where found < options.count {
            part.find(query, prefetch: prefetch) { key in
                let shard = keyspace.shard(key.hash, database: index.database)
                guard let slot = shard.find(key), slot.entry.isKind(.hash),
                    !slot.entry.isDue(now), query.matches(HashValue(slot), now: now)
                else { return true }
                if skipped < options.offset {
                    skipped += 1
                    return true
                }
                tell(key.bytes, HashValue(slot), options.withFields, now, call)
                found += 1
                return found < options.count
            }
        }
        call.reply.array(found, at: mark)
    }

    private static func tell(
        _ key: Bytes,
        _ hash: HashValue,
        _ withFields: Bool,
        _ now: Int64,
        _ call: AdminCall
    ) {
        guard withFields else { return call.reply.bulk(key) }
        call.reply.array(2)
        call.reply.bulk(key)
        call.worker.executor.context.reply.fields(of: hash, now: now)
    }

    /// `HINDEX HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "HINDEX <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "CREATE <name> ON PREFIX <prefix> [<prefix> ...] [FIELDS <field> [<field> ...]]",
            "    Create an index over the hashes whose keys begin with a prefix.",
            "DROP <name>",
            "    Remove an index, but not the hashes.",
            "LIST",
            "    Return the names of all indexes.",
            "INFO <name>",
            "    Return what an index covers and how much memory it takes.",
            "STATS <name>",
            "    Return how many hashes have each field.",
            "HELP",
            "    Print this help.",
        ])
    }
}

extension AdminCall {
    /// Counts a change of the list of indexes, and logs the request that made it.
    fileprivate func noteIndexChange(_ arguments: Arguments) {
        worker.executor.context.changedDefinitions(by: arguments)
    }
}
