internal import Commands
internal import Primitives
internal import Store
internal import System

/// The sections of INFO, under Redis' names and in its order.
struct InfoReport {
    /// A section: its name in the request, its title, whether INFO shows it unasked.
    private struct Section: Sendable {
        let name: String
        let title: String
        let isDefault: Bool
        let lines: @Sendable (InfoReport) -> [String]
    }

    private static let sections: [Section] = [
        Section(name: "server", title: "Server", isDefault: true) { $0.serverLines },
        Section(name: "clients", title: "Clients", isDefault: true) { $0.clientLines },
        Section(name: "memory", title: "Memory", isDefault: true) { $0.memoryLines },
        Section(name: "persistence", title: "Persistence", isDefault: true) { $0.persistenceLines },
        Section(name: "stats", title: "Stats", isDefault: true) { $0.statisticsLines },
        Section(name: "replication", title: "Replication", isDefault: true) { $0.replicationLines },
        Section(name: "cpu", title: "CPU", isDefault: true) { $0.processorLines },
        Section(name: "modules", title: "Modules", isDefault: true) { _ in [] },
        Section(name: "commandstats", title: "Commandstats", isDefault: false) { $0.commandLines },
        Section(name: "errorstats", title: "Errorstats", isDefault: true) { $0.errorLines },
        Section(name: "cluster", title: "Cluster", isDefault: true) { _ in ["cluster_enabled:0"] },
        Section(name: "keyspace", title: "Keyspace", isDefault: true) { $0.keyspaceLines },
    ]

    private let server: Instance
    private let worker: Worker

    /// A report on `server`, made on `worker` while the world is stopped.
    init(_ server: Instance, on worker: Worker) {
        self.server = server
        self.worker = worker
    }

    /// The text of the sections that `names` asks for; the default ones when it is empty.
    func text(_ names: [String]) -> String {
        let wanted = Set(names.map { $0.lowercased() })
        let takesAll = !wanted.isDisjoint(with: ["all", "everything"])
        let takesDefault = wanted.isEmpty || wanted.contains("default")
        return InfoReport.sections.filter { section in
            takesAll || wanted.contains(section.name) || (takesDefault && section.isDefault)
        }.map { section in
            "# \(section.title)\r\n" + section.lines(self).map { $0 + "\r\n" }.joined()
        }.joined(separator: "\r\n")
    }

    // MARK: Sections

    private var serverLines: [String] {
        let uptime = worker.nowSeconds - server.startedAtSeconds
        return [
            "redis_version:\(Version.redis)", "apus_version:\(Version.apus)",
            "redis_git_sha1:00000000", "redis_git_dirty:0", "redis_mode:standalone",
            "os:Linux \(Platform.kernelRelease) \(Platform.architecture)", "arch_bits:64",
            "monotonic_clock:POSIX clock_gettime", "multiplexing_api:epoll",
            "process_id:\(OwnProcess.number)", "process_supervised:no", "run_id:\(server.runID)",
            "tcp_port:\(server.options.port)", "server_time_usec:\(Clock.unixMicroseconds())",
            "uptime_in_seconds:\(uptime)", "uptime_in_days:\(uptime / 86400)",
            "hz:10", "configured_hz:10", "threads:\(server.workerCount)",
            "executable:\(server.executable)", "config_file:\(server.configuration.path ?? "")",
        ]
    }

    private var clientLines: [String] {
        let clients = server.workers.flatMap { $0.clients.compactMap { $0 } }
        let query = clients.map { $0.query.count }.max() ?? 0
        let output = clients.map(\.outputBytes).max() ?? 0
        return [
            "connected_clients:\(clients.count)", "cluster_connections:0",
            "maxclients:\(server.options.clientsMax)",
            "client_recent_max_input_buffer:\(query)", "client_recent_max_output_buffer:\(output)",
            "blocked_clients:0", "tracking_clients:0",
        ]
    }

    private var memoryLines: [String] {
        let data = server.usedDataBytes
        let clients = server.workers.reduce(0) { sum, worker in
            sum + worker.clients.reduce(0) { $0 + ($1.map(ClientLine.memory) ?? 0) }
        }
        let used = data + clients
        let resident = ProcessMemory.residentBytes
        server.notePeak(used)
        let share = used > 0 ? Double(data) / Double(used) * 100 : 0
        let ratio = used > 0 ? Double(resident) / Double(used) : 0
        return [
            "used_memory:\(used)", "used_memory_human:\(human(used))",
            "used_memory_rss:\(resident)", "used_memory_rss_human:\(human(resident))",
            "used_memory_peak:\(server.peakBytes)",
            "used_memory_peak_human:\(human(server.peakBytes))",
            "used_memory_overhead:\(clients)", "used_memory_dataset:\(data)",
            "used_memory_dataset_perc:\(fixed(share))%",
            "total_system_memory:\(ProcessMemory.systemBytes)",
            "total_system_memory_human:\(human(ProcessMemory.systemBytes))",
            "maxmemory:0", "maxmemory_human:0B", "maxmemory_policy:noeviction",
            "mem_fragmentation_ratio:\(fixed(ratio))",
            "mem_fragmentation_bytes:\(resident - used)",
            "mem_clients_normal:\(clients)", "mem_allocator:apus-arena",
            "lazyfree_pending_objects:0",
        ]
    }

    private var persistenceLines: [String] {
        [
            "loading:0", "async_loading:0",
            "rdb_changes_since_last_save:\(server.changeCount)", "rdb_bgsave_in_progress:0",
            "rdb_last_save_time:\(server.startedAtUnix)", "rdb_last_bgsave_status:ok",
            "rdb_last_bgsave_time_sec:-1", "rdb_current_bgsave_time_sec:-1", "aof_enabled:0",
            "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0", "aof_last_write_status:ok",
        ]
    }

    private var statisticsLines: [String] {
        var total = Totals()
        for worker in server.workers { total.add(worker) }
        return [
            "total_connections_received:\(total.connections)",
            "total_commands_processed:\(total.commands)",
            "instantaneous_ops_per_sec:\(rate(\.commands))",
            "total_net_input_bytes:\(total.bytesReceived)",
            "total_net_output_bytes:\(total.bytesSent)",
            "instantaneous_input_kbps:\(fixed(Double(rate(\.bytesReceived)) / 1024))",
            "instantaneous_output_kbps:\(fixed(Double(rate(\.bytesSent)) / 1024))",
            "rejected_connections:\(total.rejected)", "sync_full:0", "sync_partial_ok:0",
            "sync_partial_err:0", "expired_keys:\(total.expired)",
            "expired_subkeys:\(total.expiredFields)", "evicted_keys:0", "evicted_clients:0", "keyspace_hits:\(total.hits)", "keyspace_misses:\(total.misses)",
            "pubsub_channels:0", "pubsub_patterns:0", "pubsubshard_channels:0",
            "latest_fork_usec:0", "total_forks:0", "total_error_replies:\(total.errors)",
        ]
    }

    private func rate(_ which: KeyPath<WorkerRates, Rate>) -> UInt64 {
        server.workers.reduce(0) { $0 + $1.rates[keyPath: which].perSecond }
    }

    private var replicationLines: [String] {
        [
            "role:master", "connected_slaves:0", "master_failover_state:no-failover",
            "master_replid:\(server.replicationID)",
            "master_replid2:0000000000000000000000000000000000000000", "master_repl_offset:0",
            "second_repl_offset:-1", "repl_backlog_active:0", "repl_backlog_size:1048576",
            "repl_backlog_first_byte_offset:0", "repl_backlog_histlen:0",
        ]
    }

    private var processorLines: [String] {
        func seconds(_ microseconds: Int64) -> String {
            "\(microseconds / 1_000_000)." + String(1_000_000 + microseconds % 1_000_000).dropFirst()
        }
        let own = ProcessorTime.ownProcess
        let children = ProcessorTime.children
        return [
            "used_cpu_sys:\(seconds(own.system))", "used_cpu_user:\(seconds(own.user))",
            "used_cpu_sys_children:\(seconds(children.system))",
            "used_cpu_user_children:\(seconds(children.user))",
        ]
    }

    private var commandLines: [String] {
        let facts = server.registry.table.facts
        let perCycle = server.microsecondsPerCycle
        return facts.indices.compactMap { row in
            var sum = WorkerStatistics.Command()
            for worker in server.workers { sum.add(worker.statistics[row]) }
            guard sum.calls + sum.rejections > 0 else { return nil }
            var name = ByteBuffer()
            name.appendLowercase(Bytes(facts[row].name))
            let usec = Double(sum.cycles) * perCycle
            let each = sum.calls > 0 ? usec / Double(sum.calls) : 0
            return "cmdstat_\(name.bytes.string):calls=\(sum.calls),usec=\(UInt64(usec)),"
                + "usec_per_call=\(fixed(each)),rejected_calls=\(sum.rejections),"
                + "failed_calls=\(sum.failures)"
        }
    }

    private var errorLines: [String] {
        var sums: [String: UInt64] = [:]
        for worker in server.workers { sums.merge(worker.statistics.errorsByCode) { $0 + $1 } }
        return sums.sorted { $0.key < $1.key }.map { "errorstat_\($0.key):count=\($0.value)" }
    }

    private var keyspaceLines: [String] {
        (0..<server.keyspace.databaseCount).compactMap { database in
            let shards = (0..<server.keyspace.partitionCount).map {
                server.keyspace.shard(partition: $0, database: database)
            }
            let keys = shards.reduce(0) { $0 + $1.count }
            guard keys > 0 else { return nil }
            let expires = shards.reduce(0) { $0 + $1.volatileCount }
            let fields = shards.reduce(0) { $0 + $1.volatileHashCount }
            return "db\(database):keys=\(keys),expires=\(expires),avg_ttl=0,subexpiry=\(fields)"
        }
    }

    // MARK: Numbers for people

    /// Two decimals.
    private func fixed(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let rest = String(100 + hundredths.magnitude % 100).dropFirst()
        return "\(sign)\(hundredths.magnitude / 100).\(rest)"
    }

    /// Bytes with a unit, as Redis prints them.
    private func human(_ bytes: Int) -> String {
        for (unit, shift) in [("T", 40), ("G", 30), ("M", 20), ("K", 10)] where bytes >= 1 << shift {
            return fixed(Double(bytes) / Double(1 << shift)) + unit
        }
        return "\(bytes)B"
    }
}

/// What all workers counted.
private struct Totals {
    var connections: UInt64 = 0
    var rejected: UInt64 = 0
    var commands: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var expired: UInt64 = 0
    var expiredFields: UInt64 = 0
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    var errors: UInt64 = 0

    mutating func add(_ worker: Worker) {
        connections += worker.statistics.connectionsAccepted
        rejected += worker.statistics.connectionsRejected
        commands += worker.statistics.commandsRun
        bytesReceived += worker.statistics.bytesReceived
        bytesSent += worker.statistics.bytesSent
        expired += worker.statistics.expiredKeys
        expiredFields += worker.statistics.expiredFields
        hits += worker.context.statistics.hits
        misses += worker.context.statistics.misses
        errors += worker.statistics.errorCount
    }
}
