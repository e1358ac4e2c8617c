internal import Primitives
internal import System

// Redis' fields, in its order. `.none` stands for features that do not exist yet or are off.

extension InfoSection {
    static let server = InfoSection(
        "Server",
        [
            InfoField("redis_version", always: .text("\(Version.redis)")),
            InfoField("apus_version", always: .text("\(Version.apus)")),
            InfoField("redis_git_sha1", always: .text("00000000")),
            .none("redis_git_dirty"),
            InfoField("redis_mode", always: .text("standalone")),
            InfoField("os") { _ in
                .text("Linux \(Platform.kernelRelease) \(Platform.architecture)")
            },
            InfoField("arch_bits", always: .integer(64)),
            InfoField("monotonic_clock", always: .text("POSIX clock_gettime")),
            InfoField("multiplexing_api") { .text($0.server.eventLoopName) },
            .number("process_id") { _ in Int(OwnProcess.number) },
            InfoField("process_supervised") { .text($0.server.supervisor) },
            InfoField("run_id") { .text($0.server.runID) },
            .number("tcp_port") { source in
                let options = source.options
                return options.port != 0 ? options.port : options.secure.port
            },
            InfoField("server_time_usec") { _ in .integer(Clock.unixMicroseconds()) },
            InfoField("uptime_in_seconds") { .integer($0.uptimeSeconds) },
            InfoField("uptime_in_days") { .integer($0.uptimeSeconds / 86400) },
            .number("hz") { $0.options.ticksPerSecond },
            .number("configured_hz") { $0.options.ticksPerSecond },
            InfoField("lru_clock") { .integer($0.now / 1000 & 0xFF_FFFF) },
            InfoField("executable") { .text($0.server.executable) },
            InfoField("config_file") { .text($0.configuration.path ?? "") },
            .none("io_threads_active"),
            .number("threads") { $0.server.workerCount },
        ]
    ) { source in
        let places = Dictionary(grouping: source.server.listeners, by: \.kind)
        let kinds = [
            InfoSection.listener(Listener.Kind(.tcp), places, port: source.options.port),
            InfoSection.listener(Listener.Kind(.unix), places, port: nil),
            InfoSection.listener(
                Listener.Kind(.tls),
                places,
                port: source.options.secure.port
            ),
        ]
        return kinds.compactMap { $0 }.enumerated().map { InfoPart("listener\($0)", $1) }
    }

    /// The listeners of one kind, with all of their addresses.
    private static func listener(
        _ kind: Listener.Kind,
        _ places: [Listener.Kind: [Listener]],
        port: Int?
    ) -> InfoValue? {
        guard let listeners = places[kind] else { return nil }
        let end = port.map { ":\($0)".count } ?? 0
        let places = listeners.map { InfoPart("bind", .text(String($0.place.dropLast(end)))) }
        let ports = port.map { [InfoPart("port", .number($0))] } ?? []
        return .parts([InfoPart("name", .text(kind.name))] + places + ports)
    }

    static let clients = InfoSection(
        "Clients",
        [
            .number("connected_clients") { $0.server.connectionCount },
            .none("cluster_connections"),
            .number("maxclients") { $0.options.clientsMax },
            InfoField("client_recent_max_input_buffer") { .count($0.inputMax) },
            InfoField("client_recent_max_output_buffer") { .count($0.outputMax) },
            InfoField("blocked_clients") { .count($0.blockedClients) },
            .number("tracking_clients") { $0.server.tracking.clientCount },
            .number("pubsub_clients") { $0.server.channels.clientCount },
            .number("watching_clients") { $0.server.watches.clientCount },
            InfoField("clients_in_timeout_table") { .count($0.clientsBlockedForTime) },
            .number("total_watched_keys") { $0.server.watches.keyCount },
            InfoField("total_blocking_keys") { .count($0.server.waiters.keyCount) },
            InfoField("total_blocking_keys_on_nokey") { .count($0.server.waiters.endingKeyCount) },
        ]
    )

    static let persistence = InfoSection(
        "Persistence",
        [
            InfoField("loading") { .flag($0.loading != nil) }, .none("async_loading"),
            .none("current_cow_peak"), .none("current_cow_size"), .none("current_cow_size_age"),
            InfoField("current_fork_perc") { .fixed($0.server.saver.running?.percent ?? 0) },
            .number("current_save_keys_processed") {
                $0.server.saver.running?.output.keyCount ?? 0
            },
            .number("current_save_keys_total") { $0.server.saver.running?.keyCount ?? 0 },
            InfoField("rdb_changes_since_last_save") {
                .count($0.changes &- $0.saver.savedChanges)
            },
            InfoField("rdb_bgsave_in_progress") {
                .integer($0.server.saver.saving == nil ? 0 : 1)
            },
            InfoField("rdb_last_save_time") { .integer($0.saver.lastSavedAt) },
            InfoField("rdb_last_bgsave_status") {
                .text($0.saver.lastSucceeded ? "ok" : "err")
            },
            InfoField("rdb_last_bgsave_time_sec") { .integer($0.saver.lastSeconds) },
            InfoField("rdb_current_bgsave_time_sec") {
                .integer(
                    $0.server.saver.saving.map { Clock.monotonicSeconds() - $0.startedAt } ?? -1
                )
            },
            InfoField("rdb_saves") { .integer(Int64($0.saver.saveCount)) },
            .none("rdb_last_cow_size"),
            InfoField("rdb_last_load_keys_expired") { .integer(Int64($0.saver.expiredKeys)) },
            InfoField("rdb_last_load_keys_loaded") { .integer(Int64($0.saver.loadedKeys)) },
            .number("aof_enabled") { $0.appendOnly.isOn ? 1 : 0 },
            .number("aof_rewrite_in_progress") { $0.appendOnly.isRewriting ? 1 : 0 },
            .number("aof_rewrite_scheduled") { $0.appendOnly.isScheduled ? 1 : 0 },
            InfoField("aof_last_rewrite_time_sec") { .integer($0.appendOnly.lastSeconds) },
            InfoField("aof_current_rewrite_time_sec") {
                .integer($0.appendOnly.runningSeconds)
            },
            InfoField("aof_last_bgrewrite_status") {
                .text($0.appendOnly.lastSucceeded ? "ok" : "err")
            },
            .number("aof_rewrites") { $0.appendOnly.rewrites },
            .number("aof_rewrites_consecutive_failures") { $0.appendOnly.failures },
            InfoField("aof_last_write_status") { .text($0.appendOnly.canWrite ? "ok" : "err") },
            .none("aof_last_cow_size"), .none("module_fork_in_progress"),
            .none("module_fork_last_cow_size"),
        ]
    ) { source in
        loadingParts(source) + appendOnlyParts(source)
    }

    private static func loadingParts(_ source: InfoSource) -> [InfoPart] {
        guard let loading = source.loading else { return [] }
        return [
            InfoPart("loading_start_time", .integer(loading.startedAt)),
            InfoPart("loading_total_bytes", .number(loading.totalBytes)),
            InfoPart("loading_rdb_used_mem", .number(loading.usedBytes)),
            InfoPart("loading_loaded_bytes", .number(loading.loadedBytes)),
            InfoPart("loading_loaded_perc", .fixed(loading.percent)),
            InfoPart("loading_eta_seconds", .integer(loading.secondsLeft(at: source.now / 1000))),
        ]
    }

    private static func appendOnlyParts(_ source: InfoSource) -> [InfoPart] {
        guard source.appendOnly.isOn else { return [] }
        return [
            InfoPart("aof_current_size", .number(source.appendOnly.size)),
            InfoPart("aof_base_size", .number(source.appendOnly.baseSize)),
            InfoPart("aof_pending_rewrite", .integer(0)),
            InfoPart("aof_buffer_length", .number(source.appendOnly.waitingBytes)),
            InfoPart("aof_pending_bio_fsync", .number(source.appendOnly.isSyncing ? 1 : 0)),
            InfoPart("aof_delayed_fsync", .number(source.appendOnly.delayedSyncs)),
        ]
    }

    static let replication = InfoSection(
        "Replication",
        [
            InfoField("role", always: .text("master")),
            .none("connected_slaves"),
            InfoField("master_failover_state", always: .text("no-failover")),
            InfoField("master_replid") { .text($0.server.replicationID) },
            InfoField("master_replid2", always: .text(String(repeating: "0", count: 40))),
            .none("master_repl_offset"),
            InfoField("second_repl_offset", always: .integer(-1)),
            .none("repl_backlog_active"),
            InfoField("repl_backlog_size", always: .integer(1_048_576)),
            .none("repl_backlog_first_byte_offset"),
            .none("repl_backlog_histlen"),
        ]
    )

    static let processor = InfoSection(
        "CPU",
        [
            InfoField("used_cpu_sys") { .seconds($0.processTime.system) },
            InfoField("used_cpu_user") { .seconds($0.processTime.user) },
            InfoField("used_cpu_sys_children") { .seconds($0.childrenTime.system) },
            InfoField("used_cpu_user_children") { .seconds($0.childrenTime.user) },
            InfoField("used_cpu_sys_main_thread") { .seconds($0.mainThreadTime.system) },
            InfoField("used_cpu_user_main_thread") { .seconds($0.mainThreadTime.user) },
        ]
    )

    static let modules = InfoSection("Modules")

    static let cluster = InfoSection("Cluster", [.none("cluster_enabled")])

    static let keyspace = InfoSection("Keyspace") { source in
        source.keyspace.databases.map { database in
            InfoPart(
                "db\(database.number)",
                .parts([
                    InfoPart("keys", .number(database.keys)),
                    InfoPart("expires", .number(database.volatileKeys)),
                    InfoPart("avg_ttl", .count(database.lifetimes.mean)),
                    InfoPart("subexpiry", .number(database.volatileHashes)),
                ])
            )
        }
    }
}

extension InfoSource {
    fileprivate var uptimeSeconds: Int64 { nowSeconds - server.startedAtSeconds }
}
