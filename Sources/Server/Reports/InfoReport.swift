internal import Commands
internal import Primitives
internal import Store
internal import Structures
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
        Section(name: "latencystats", title: "Latencystats", isDefault: false) { $0.latencyLines },
        Section(name: "cluster", title: "Cluster", isDefault: true) { _ in ["cluster_enabled:0"] },
        Section(name: "keyspace", title: "Keyspace", isDefault: true) { $0.keyspaceLines },
    ]

    let server: Instance
    let worker: Worker

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
        let uptime = worker.executor.clock.seconds - server.startedAtSeconds
        let hertz = server.options.ticksPerSecond
        let clock = worker.executor.context.now / 1000 & 0xFF_FFFF
        return [
            "redis_version:\(Version.redis)", "apus_version:\(Version.apus)",
            "redis_git_sha1:00000000", "redis_git_dirty:0", "redis_mode:standalone",
            "os:Linux \(Platform.kernelRelease) \(Platform.architecture)", "arch_bits:64",
            "monotonic_clock:POSIX clock_gettime", "multiplexing_api:\(server.eventLoopName)",
            "process_id:\(OwnProcess.number)", "process_supervised:\(server.supervisor)",
            "run_id:\(server.runID)",
            "tcp_port:\(server.options.port)", "server_time_usec:\(Clock.unixMicroseconds())",
            "uptime_in_seconds:\(uptime)", "uptime_in_days:\(uptime / 86400)",
            "hz:\(hertz)", "configured_hz:\(hertz)", "lru_clock:\(clock)",
            "executable:\(server.executable)", "config_file:\(server.configuration.path ?? "")",
            "io_threads_active:0", "threads:\(server.workerCount)",
        ] + listenerLines
    }

    private var listenerLines: [String] {
        server.listeners.enumerated().map { number, listener in
            let place = listener.place
            guard !listener.isUnix else { return "listener\(number):name=unix,bind=\(place)" }
            let port = server.options.port
            let address = place.dropLast("\(port)".count + 1)
            return "listener\(number):name=tcp,bind=\(address),port=\(port)"
        }
    }

    private var clientLines: [String] {
        let clients = server.workers.flatMap { $0.connections.places.compactMap { $0 } }
        let query = clients.map { $0.query.count }.max() ?? 0
        let output = clients.map(\.outputBytes).max() ?? 0
        return [
            "connected_clients:\(clients.count)", "cluster_connections:0",
            "maxclients:\(server.options.clientsMax)",
            "client_recent_max_input_buffer:\(query)", "client_recent_max_output_buffer:\(output)",
            "blocked_clients:0", "tracking_clients:0", "clients_in_timeout_table:0",
        ]
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
            let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
            return "\(microseconds / 1_000_000).\(fraction)"
        }
        let own = ProcessorTime.ownProcess
        let children = ProcessorTime.children
        let first = ProcessorTime.mainThread
        return [
            "used_cpu_sys:\(seconds(own.system))", "used_cpu_user:\(seconds(own.user))",
            "used_cpu_sys_children:\(seconds(children.system))",
            "used_cpu_user_children:\(seconds(children.user))",
            "used_cpu_sys_main_thread:\(seconds(first.system))",
            "used_cpu_user_main_thread:\(seconds(first.user))",
        ]
    }

    private var keyspaceLines: [String] {
        server.keyspace.usedDatabases.compactMap { database in
            var shards: [Shard] = []
            server.keyspace.forEachShard(of: database) { shards.append($0) }
            let keys = shards.reduce(0) { $0 + $1.count }
            guard keys > 0 else { return nil }
            let expires = shards.reduce(0) { $0 + $1.volatileCount }
            let fields = shards.reduce(0) { $0 + $1.volatileHashCount }
            let mean = expires > 0 ? meanLifetime(shards) : 0
            return "db\(database):keys=\(keys),expires=\(expires),avg_ttl=\(mean),"
                + "subexpiry=\(fields)"
        }
    }

    /// The mean of the times to live, in milliseconds, of volatile keys in a few buckets.
    private func meanLifetime(_ shards: [Shard]) -> Int64 {
        // Two expiries at the end of time are more than 64 bits hold.
        var sum: Int128 = 0
        var count: Int128 = 0
        var buckets = InfoReport.bucketsLookedAt
        for shard in shards where shard.volatileCount > 0 {
            var cursor: UInt64 = 0
            repeat {
                cursor = shard.scan(cursor) { slot in
                    guard let expiry = slot.entry.expiry else { return }
                    sum += Int128(max(0, expiry - worker.executor.context.now))
                    count += 1
                }
                buckets -= 1
            } while cursor != 0 && buckets > 0
            if buckets == 0 { break }
        }
        return count > 0 ? Int64(sum / count) : 0
    }

    /// So many buckets of a database are asked for the mean time to live.
    private static let bucketsLookedAt = 256

    // MARK: Numbers for people

    /// Two decimals.
    func fixed(_ value: Double) -> String { hundredths(value) }

    /// Bytes with a unit, as Redis prints them.
    func human(_ bytes: Int) -> String {
        let units = [("T", 40), ("G", 30), ("M", 20), ("K", 10)]
        for (unit, shift) in units where bytes >= 1 << shift {
            return fixed(Double(bytes) / Double(1 << shift)) + unit
        }
        return "\(bytes)B"
    }
}
