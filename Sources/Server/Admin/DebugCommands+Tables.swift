internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// DEBUG subcommands about hash tables and layouts.
extension DebugCommands {
    /// `DEBUG HTSTATS database [full]`: how full the buckets of the table of keys are.
    ///
    /// Also for keys with an expiry, which are in the same table here.
    static func showTables(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let server = call.server
        let database = try arguments.integer(2)
        guard (0..<Int64(server.keyspace.databaseCount)).contains(database) else {
            throw .debug(.database)
        }
        try demandFull(arguments)
        var keys = BucketReport()
        var volatile = BucketReport()
        server.exclusively(call.worker) {
            server.keyspace.forEachShard(of: Int(database)) { shard in
                shard.forEachBucket { held, withExpiry in
                    keys.add(held)
                    volatile.add(withExpiry)
                }
            }
        }
        call.reply.verbatim(
            "[Dictionary HT]\n\(keys.text)[Expires HT]\n\(volatile.text)"
        )
    }

    /// `DEBUG HTSTATS-KEY key [full]`: how full the buckets of a set, hash or sorted set are.
    static func showTableOfKey(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        var report = BucketReport()
        let hasTable = try withSlot(arguments[2], call) { slot in
            slot.shard.forEachBucket(of: slot) { report.add($0) }
        }
        guard hasTable else {
            throw .debug(.noTable)
        }
        try demandFull(arguments)
        call.reply.verbatim(report.text)
    }

    /// A fourth word can only be FULL, and has no effect: the report is always complete.
    private static func demandFull(_ arguments: Arguments) throws(CommandError) {
        guard arguments.count > 3, !arguments[3].isWord("FULL") else { return }
        throw .syntax
    }

    /// `DEBUG DICT-RESIZING 0|1`: OK.
    static func setTableResizing(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let isOn = isOn(arguments[2])
        let keyspace = call.server.keyspace
        call.server.exclusively(call.worker) {
            keyspace.setTableResizing(isOn)
        }
        call.reply.ok()
    }

    /// `DEBUG STRUCTSIZE`: the sizes in bytes of the parts of a keyspace.
    static func showSizes(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let sizes = [
            ("handle", MemoryLayout<Handle>.size), ("bucket", EntryTable.bucketBytes),
            ("list", UnrolledList.byteCount), ("set", MemberTable.byteCount),
            ("hash", FieldTable.byteCount), ("zset", OrderedTable.byteCount),
        ]
        let text = sizes.reduce("bits:64 ") { $0 + "\($1.0):\($1.1) " }
        Array(text.utf8).withBytes { call.reply.bulk($0) }
    }
}

/// A histogram of the number of entries per bucket of a table.
struct BucketReport {
    /// The number of buckets by number of entries.
    private var buckets: [Int] = []

    /// Counts a bucket with `held` entries.
    mutating func add(_ held: Int) {
        while buckets.count <= held { buckets.append(0) }
        buckets[held] += 1
    }

    /// Redis' report for a table; a chain counts as one bucket.
    var text: String {
        let title = "Hash table 0 stats (main hash table):\n"
        let total = buckets.reduce(0, +)
        let entries = buckets.enumerated().reduce(0) { $0 + $1.offset * $1.element }
        guard entries > 0 else { return title + "No stats available for empty dictionaries\n" }
        let used = total - buckets[0]
        let mean = hundredths(Double(entries) / Double(used))
        var text = """
            \(title) table size: \(total)
             number of elements: \(entries)
             different slots: \(used)
             max chain length: \(buckets.count - 1)
             avg chain length (counted): \(mean)
             avg chain length (computed): \(mean)
             Chain length distribution:

            """
        for (length, count) in buckets.enumerated() where count > 0 {
            text += "   \(length): \(count) "
            text += "(\(hundredths(Double(count) / Double(total) * 100))%)\n"
        }
        return text
    }
}
