internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import System

/// What memcached's `stats` tells, in the names that its users know.
enum MemcachedReport {
    /// A name and what it stands for.
    struct Line {
        let name: String
        let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        init(_ name: String, _ value: some BinaryInteger) { self.init(name, String(value)) }
        init(_ name: String, isOn: Bool) { self.init(name, isOn ? "yes" : "no") }
    }

    /// The lines about `subject`, or nil if there are none.
    static func lines(about subject: Bytes, _ call: AdminCall) -> [Line]? {
        if subject == Bytes("settings") { return settings(call.server) }
        if subject == Bytes("items") { return items(call) }
        if subject == Bytes("slabs") { return classes(call) }
        if subject == Bytes("conns") { return connections(call) }
        // The sizes are counted when they are asked for, whatever is said here.
        if subject == Bytes("sizes_enable") { return [Line("sizes_status", "enabled")] }
        if subject == Bytes("sizes_disable") { return [Line("sizes_status", "disabled")] }
        return nil
    }

    /// Has the counters begin at zero.
    static func reset(_ server: Instance) {
        let counts = MemcachedCount.allCases.map { sum($0, server) }
        server.memcachedMark.withLock { $0 = counts }
        server.statistics.reset()
    }

    private static func sum(_ which: MemcachedCount, _ server: Instance) -> UInt64 {
        server.workers.reduce(0) { $0 &+ $1.executor.context.memcachedStatistics[which] }
    }

    private static func count(_ which: MemcachedCount, _ server: Instance) -> UInt64 {
        let mark = server.memcachedMark.withLock { $0 }
        let earlier = which.rawValue < mark.count ? mark[which.rawValue] : 0
        return sum(which, server) &- earlier
    }

    // MARK: General

    /// The lines of `stats` alone.
    static func general(_ call: AdminCall) -> [Line] {
        let server = call.server
        let source = InfoSource(server, on: call.worker)
        return process(source) + connections(source) + counts(server) + storage(source)
    }

    private static func process(_ source: InfoSource) -> [Line] {
        let time = ProcessorTime.ownProcess
        return [
            Line("pid", OwnProcess.number),
            Line("uptime", source.nowSeconds - source.server.startedAtSeconds),
            Line("time", source.now / 1000),
            Line("version", "\(Version.memcached)"),
            Line("apus_version", "\(Version.apus)"),
            Line("pointer_size", 64),
            Line("rusage_user", seconds(time.user)),
            Line("rusage_system", seconds(time.system)),
        ]
    }

    private static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        return "\(microseconds / 1_000_000).\(zeros)\(fraction)"
    }

    private static func connections(_ source: InfoSource) -> [Line] {
        let server = source.server
        return [
            Line("max_connections", server.options.clientsMax),
            Line("curr_connections", server.connectionCount),
            Line("total_connections", server.statistics[.connectionsAccepted]),
            Line("rejected_connections", server.statistics[.connectionsRejected]),
            Line("connection_structures", server.connectionCount),
            Line("response_obj_oom", 0),
            Line("response_obj_count", 0),
            Line("response_obj_bytes", 0),
            Line("read_buf_count", 0),
            Line("read_buf_bytes", server.clientBytes),
            Line("read_buf_bytes_free", 0),
            Line("read_buf_oom", 0),
            Line("reserved_fds", Instance.reservedFiles(server.options)),
        ]
    }

    private static let countNames: [(String, MemcachedCount)] = [
        ("cmd_get", .gets), ("cmd_set", .sets), ("cmd_flush", .flushes),
        ("cmd_touch", .touches), ("cmd_meta", .metas), ("get_hits", .getHits),
        ("get_misses", .getMisses), ("get_expired", .getExpired),
        ("delete_misses", .deleteMisses), ("delete_hits", .deleteHits),
        ("incr_misses", .incrMisses), ("incr_hits", .incrHits), ("decr_misses", .decrMisses),
        ("decr_hits", .decrHits), ("cas_misses", .casMisses), ("cas_hits", .casHits),
        ("cas_badval", .casMismatches), ("touch_hits", .touchHits),
        ("touch_misses", .touchMisses), ("store_too_large", .tooLarge),
        ("auth_cmds", .authentications), ("auth_errors", .authenticationFailures),
    ]

    private static func counts(_ server: Instance) -> [Line] {
        countNames.map { Line($0.0, count($0.1, server)) } + [
            Line("get_flushed", 0),
            Line("store_no_memory", 0),
            Line("idle_kicks", 0),
            Line("bytes_read", server.statistics[.bytesReceived]),
            Line("bytes_written", server.statistics[.bytesSent]),
            Line("limit_maxbytes", server.options.memoryBytesMax),
            Line("accepting_conns", 1),
            Line("listen_disabled_num", 0),
            Line("time_in_listen_disabled_us", 0),
            Line("threads", server.workerCount),
            Line("conn_yields", 0),
        ]
    }

    private static func storage(_ source: InfoSource) -> [Line] {
        let server = source.server
        let database = source.keyspace.databases.first { $0.number == 0 }
        return [
            Line("hash_bytes", database?.tables ?? 0),
            Line("hash_is_expanding", 0),
            Line("slab_reassign_running", 0),
            Line("slabs_moved", 0),
            Line("malloc_fails", 0),
            Line("log_watchers", server.workers.reduce(0) { $0 + $1.watchers.count }),
            Line("bytes", source.keyspace.usedBytes),
            Line("curr_items", database?.keys ?? 0),
            Line("total_items", count(.stored, server)),
            Line("evictions", server.statistics[.evictedKeys]),
            Line("reclaimed", server.statistics[.expiredKeys]),
            Line("direct_reclaims", 0),
        ]
    }

    // MARK: Settings

    private static func settings(_ server: Instance) -> [Line] {
        let options = server.options
        let needsPassword =
            !options.memcached.userFilePath.isEmpty || !server.access.standard.isOpen
        return [
            Line("maxbytes", options.memoryBytesMax),
            Line("maxconns", options.clientsMax),
            Line("tcpport", options.memcached.port),
            Line("udpport", 0),
            Line("inter", options.memcached.addresses.joined(separator: ",")),
            Line("verbosity", options.logLevel == "debug" ? 2 : 0),
            Line("evictions", options.evictionPolicy == .none ? "off" : "on"),
            Line(
                "domain_socket",
                options.memcached.socketPath.isEmpty
                    ? "NULL" : options.memcached.socketPath
            ),
            Line("umask", String(options.memcached.socketPermissions, radix: 8)),
            Line("shutdown_command", isOn: options.memcached.allowsShutdown),
            Line("num_threads", server.workerCount),
            Line("stat_key_prefix", String(UnicodeScalar(options.memcached.prefixDelimiter))),
            Line("detail_enabled", isOn: server.memcachedPrefixes.isOn),
            Line("cas_enabled", isOn: true),
            Line("tcp_backlog", Int(options.acceptance.backlog)),
            Line("binding_protocol", options.memcached.speech.name),
            Line("auth_enabled_sasl", isOn: needsPassword),
            Line("auth_enabled_ascii", isOn: needsPassword),
            Line("item_size_max", options.memcached.itemBytesMax),
            Line("maxconns_fast", isOn: true),
            Line("flush_enabled", isOn: options.memcached.allowsFlush),
            Line("dump_enabled", isOn: options.memcached.allowsDump),
            Line("watch_enabled", isOn: options.memcached.allowsWatch),
            Line("hash_algorithm", "apus"),
            Line("idle_timeout", options.timeoutSeconds),
            Line("track_sizes", isOn: true),
            Line("ssl_enabled", isOn: options.memcached.securePort != 0),
        ]
    }

    // MARK: Items and classes

    /// All items count as those of class 1.
    private static func items(_ call: AdminCall) -> [Line] {
        let source = InfoSource(call.server, on: call.worker)
        guard let database = source.keyspace.databases.first(where: { $0.number == 0 }),
            database.keys > 0
        else { return [] }
        let statistics = call.server.statistics
        return [
            Line("items:1:number", database.keys),
            Line("items:1:mem_requested", source.keyspace.usedBytes),
            Line("items:1:evicted", statistics[.evictedKeys]),
            Line("items:1:evicted_nonzero", 0),
            Line("items:1:outofmemory", 0),
            Line("items:1:tailrepairs", 0),
            Line("items:1:reclaimed", statistics[.expiredKeys]),
        ]
    }

    /// The size classes of the arenas, numbered from 1.
    private static func classes(_ call: AdminCall) -> [Line] {
        var usage = ArenaUsage()
        let keyspace = call.worker.executor.context.keyspace
        for partition in 0..<keyspace.partitionCount {
            keyspace.lock(partition)
            keyspace.forEachShard(inPartition: partition) { shard, _ in shard.count(into: &usage) }
            keyspace.unlock(partition)
        }
        var lines: [Line] = []
        for (index, sizeClass) in usage.classes.enumerated() where sizeClass.pages > 0 {
            let name = "\(index + 1):"
            lines.append(Line(name + "chunk_size", SizeClasses.byteCount(index)))
            lines.append(Line(name + "total_pages", sizeClass.pages))
            lines.append(Line(name + "used_chunks", sizeClass.blocks))
        }
        lines.append(Line("active_slabs", lines.count / 3))
        lines.append(Line("total_malloced", usage.pageBytes))
        return lines
    }

    // MARK: Connections

    private static func connections(_ call: AdminCall) -> [Line] {
        let server = call.server
        var lines: [Line] = []
        for listener in server.listeners where listener.kind.speech == .memcached {
            let name = "\(listener.descriptor):"
            let kind = listener.kind.transport.rawValue
            lines.append(Line(name + "addr", "\(kind):\(listener.place)"))
            lines.append(Line(name + "state", "conn_listening"))
        }
        server.exclusively(call.worker) {
            for worker in server.workers {
                for case let connection? in worker.connections.places
                where connection.state.contains(.memcached) {
                    lines += Self.lines(of: connection, call)
                }
            }
        }
        return lines
    }

    private static func lines(of connection: Connection, _ call: AdminCall) -> [Line] {
        let path = call.server.options.memcached.socketPath
        let name = "\(connection.descriptor):"
        let now = call.worker.executor.clock.seconds
        let isUnix = connection.state.contains(.unix)
        let address = connection.address(peer: true, unixPath: path)
        return [
            Line(name + "addr", "\(isUnix ? "unix" : "tcp"):\(address)"),
            Line(name + "state", connection === call.connection ? "conn_parse_cmd" : "conn_read"),
            Line(name + "secs_since_last_cmd", now - connection.traffic.lastAt),
        ]
    }
}
