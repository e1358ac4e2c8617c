internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import System
internal import Wire

/// MEMORY: memory use, and returning memory to the system.
///
/// MEMORY USAGE is defined next to OBJECT.
enum MemoryCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("MEMORY", arity: -2, [], group: .server, since: "4.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about memory.", help),
        AdminCommand("MEMORY STATS", arity: 2, [], group: .server, since: "4.0.0", complexity: "O(N) where N is the number of databases", syntax: "", summary: "Returns what memory is used for.", tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], stats),
        AdminCommand("MEMORY DOCTOR", arity: 2, [], group: .server, since: "4.0.0", complexity: "O(N) where N is the number of databases", syntax: "", summary: "Reports problems with the use of memory.", tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], doctor),
        AdminCommand("MEMORY MALLOC-STATS", arity: 2, [], group: .server, since: "4.0.0", complexity: "O(N) where N is the number of 64-kilobyte pages", syntax: "", summary: "Returns how full the pages of memory are, by block size.", tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], allocatorStats),
        AdminCommand("MEMORY PURGE", arity: 2, [.locksItself], group: .server, since: "4.0.0", complexity: "O(N) where N is the number of runs of free pages", syntax: "", summary: "Returns unused memory to the system.", tips: ["request_policy:all_shards", "response_policy:all_succeeded"], purge),
        AdminCommand("MEMORY HELP", arity: 2, [.loading, .stale], group: .server, since: "4.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of MEMORY.", help),
    ]
}

extension MemoryCommands {
    /// `MEMORY STATS`: a map from names to bytes, counts, ratios, and a map per database.
    static func stats(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let memory = InfoSource(call.server, on: call.worker).memory
        call.reply.map(28 + memory.databases.count)
        func tell(_ name: StaticString, _ number: Int) {
            call.reply.bulk(name)
            call.reply.integer(number)
        }
        func tell(_ name: StaticString, _ part: Int, of whole: Int, times factor: Double = 1) {
            call.reply.bulk(name)
            call.reply.double(MemoryUse.ratio(part, of: whole) * factor)
        }
        tell("peak.allocated", memory.peak)
        tell("total.allocated", memory.used)
        tell("startup.allocated", 0)
        tell("replication.backlog", 0)
        tell("clients.slaves", 0)
        tell("clients.normal", memory.clients)
        tell("cluster.links", 0)
        tell("aof.buffer", 0)
        tell("lua.caches", call.server.scriptFigures.scriptBytes)
        tell("functions.caches", call.server.scriptFigures.libraryBytes)
        tell("hash.indexes", memory.indexes)
        for database in memory.databases {
            Array("db.\(database.number)".utf8).withBytes {
                call.reply.bulk($0)
            }
            call.reply.map(3)
            tell("overhead.hashtable.main", database.tables)
            tell("overhead.hashtable.expires", database.hints)
            tell("overhead.hashtable.slot-to-keys", 0)
        }
        tell("overhead.total", memory.overhead)
        tell("keys.count", memory.keys)
        tell("keys.bytes-per-key", memory.keys > 0 ? memory.used / memory.keys : 0)
        tell("dataset.bytes", memory.dataset)
        tell("dataset.percentage", memory.dataset, of: memory.used, times: 100)
        tell("peak.percentage", memory.used, of: memory.peak, times: 100)
        tell("allocator.allocated", memory.data)
        tell("allocator.active", memory.pages)
        tell("allocator.resident", memory.resident)
        tell("allocator-fragmentation.ratio", memory.pages, of: memory.data)
        tell("allocator-fragmentation.bytes", memory.pages - memory.data)
        tell("allocator-rss.ratio", memory.resident, of: memory.pages)
        tell("allocator-rss.bytes", memory.resident - memory.pages)
        tell("rss-overhead.ratio", 1, of: 1)
        tell("rss-overhead.bytes", 0)
        tell("fragmentation", memory.resident, of: memory.used)
        tell("fragmentation.bytes", memory.resident - memory.used)
    }

    /// `MEMORY DOCTOR`: a text.
    static func doctor(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let memory = InfoSource(call.server, on: call.worker).memory
        call.reply.verbatim(MemoryDoctor(memory).text)
    }

    /// `MEMORY MALLOC-STATS`: a text with a line for every block size in use.
    static func allocatorStats(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        var usage = ArenaUsage()
        var external = 0
        forEachPartition(call) { partition in
            call.server.keyspace.count(partition, into: &usage)
            call.server.keyspace.forEachShard(inPartition: partition) { shard, _ in
                external += shard.externalBytes
            }
        }
        var lines = [
            "___ Begin apus-arena statistics ___",
            "pages of 64 kilobytes: \(usage.pageBytes >> 16) in use, \(usage.idlePages) idle",
            "bytes: \(usage.liveBytes) in blocks, \(usage.pageBytes) in pages, "
                + "\(external) of large strings outside",
            row("block", "pages", "blocks", "bytes", "filled"),
        ]
        for (index, used) in usage.classes.enumerated() where used.pages > 0 {
            let size = SizeClasses.byteCount(index)
            let filled = 100 * used.blocks * size / (used.pages << 16)
            lines.append(
                row(
                    "\(size)",
                    "\(used.pages)",
                    "\(used.blocks)",
                    "\(used.blocks * size)",
                    "\(filled)%"
                )
            )
        }
        let (blocks, pages) = usage.runs
        if blocks > 0 { lines.append(row("larger", "\(pages)", "\(blocks)", "\(pages << 16)", "")) }
        lines.append("--- End apus-arena statistics ---")
        call.reply.verbatim(lines.map { $0 + "\n" }.joined())
    }

    private static func row(_ cells: String...) -> String {
        cells.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }.joined()
    }

    /// `MEMORY PURGE`: OK.
    static func purge(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        forEachPartition(call) { call.server.keyspace.giveBackIdlePages($0) }
        ProcessMemory.giveBack()
        call.reply.ok()
    }

    /// Calls `body` with each partition in turn, locked.
    private static func forEachPartition(_ call: AdminCall, _ body: (Int) -> Void) {
        let keyspace = call.server.keyspace
        let held = call.worker.executor.context.held
        for partition in 0..<keyspace.partitionCount {
            let isHeld = held.contains(PartitionSet(partition: partition))
            if !isHeld { keyspace.lock(partition) }
            body(partition)
            if !isHeld { keyspace.unlock(partition) }
        }
    }

    /// `MEMORY HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "DOCTOR",
            "    Return memory problems reports.",
            "MALLOC-STATS",
            "    Return internal statistics report from the memory allocator.",
            "PURGE",
            "    Attempt to purge dirty pages for reclamation by the allocator.",
            "STATS",
            "    Return information about the memory usage of the server.",
            "USAGE <key> [SAMPLES <count>]",
            "    Return memory in bytes used by <key> and its value. Nested values are",
            "    counted whole.",
            "HELP",
            "    Print this help.",
        ])
    }
}
