internal import Commands
internal import Primitives

// Statistics: total, per command, per error.

extension InfoSection {
    static let statistics = InfoSection(
        "Stats",
        [
            .count("total_connections_received", .connectionsAccepted),
            .count("total_commands_processed", .commandsRun),
            InfoField("instantaneous_ops_per_sec") {
                .count($0.server.statistics.perSecond.commands)
            },
            .count("total_net_input_bytes", .bytesReceived),
            .count("total_net_output_bytes", .bytesSent),
            .none("total_net_repl_input_bytes"),
            .none("total_net_repl_output_bytes"),
            .kilobytes("instantaneous_input_kbps") { $0.perSecond.bytesReceived },
            .kilobytes("instantaneous_output_kbps") { $0.perSecond.bytesSent },
            InfoField("instantaneous_input_repl_kbps", always: .fixed(0)),
            InfoField("instantaneous_output_repl_kbps", always: .fixed(0)),
            .count("rejected_connections", .connectionsRejected),
            .none("sync_full"), .none("sync_partial_ok"), .none("sync_partial_err"),
            .count("expired_subkeys", .expiredFields),
            .count("expired_keys", .expiredKeys),
            // Expired keys are found by hints, never by sampling.
            InfoField("expired_stale_perc", always: .fixed(0)),
            .count("expired_time_cap_reached_count", .expiriesCutShort),
            InfoField("expire_cycle_cpu_milliseconds") { source in
                .count(source.milliseconds(source.server.statistics[.expiryCycles]))
            },
            .count("evicted_keys", .evictedKeys),
            .count("evicted_clients", .clientsEvicted),
            .number("evicted_scripts") { $0.server.scripts.figures.evicted },
            InfoField("total_eviction_exceeded_time") {
                .integer($0.server.memoryBound.exceededNanosecondsTotal / 1_000_000)
            },
            InfoField("current_eviction_exceeded_time") {
                .integer($0.server.memoryBound.exceededNanoseconds / 1_000_000)
            },
            .count("keyspace_hits", .hits),
            .count("keyspace_misses", .misses),
            .number("pubsub_channels") { $0.server.channels.count(.channel) },
            .number("pubsub_patterns") { $0.server.channels.count(.pattern) },
            .number("pubsubshard_channels") { $0.server.channels.count(.shardChannel) },
            .none("latest_fork_usec"), .none("total_forks"), .none("migrate_cached_sockets"),
            .none("slave_expires_tracked_keys"),
            .none("active_defrag_hits"), .none("active_defrag_misses"),
            .none("active_defrag_key_hits"), .none("active_defrag_key_misses"),
            .none("total_active_defrag_time"), .none("current_active_defrag_time"),
            .number("tracking_total_keys") { $0.server.tracking.keyCount },
            .number("tracking_total_items") { $0.server.tracking.itemCount },
            .number("tracking_total_prefixes") { $0.server.tracking.prefixCount },
            .none("unexpected_error_replies"),
            .count("total_error_replies", .errorReplies),
            .none("dump_payload_sanitizations"),
            .count("total_reads_processed", .receives),
            .count("total_writes_processed", .sends),
            .none("io_threaded_reads_processed"), .none("io_threaded_writes_processed"),
            .count("client_query_buffer_limit_disconnections", .queryLimitCloses),
            .count("client_output_buffer_limit_disconnections", .outputLimitCloses),
            // Clients have no reply buffers of their own.
            .none("reply_buffer_shrinks"), .none("reply_buffer_expands"),
            .count("acl_access_denied_auth", .authenticationFailures),
            .count("acl_access_denied_cmd", .deniedCommands),
            .count("acl_access_denied_key", .deniedKeys),
            .count("acl_access_denied_channel", .deniedChannels),
            .count("acl_access_denied_db", .deniedDatabases),
        ]
    )

    static let commands = InfoSection("Commandstats", isDefault: false) { source in
        let perCycle = source.server.microsecondsPerCycle
        return source.usedCommands.map { row, counts in
            let usec = Double(counts.cycles) * perCycle
            let each = counts.calls > 0 ? usec / Double(counts.calls) : 0
            return InfoPart(
                "cmdstat_" + source.commandName(row),
                .parts([
                    InfoPart("calls", .count(counts.calls)),
                    InfoPart("usec", .count(UInt64(saturating: usec))),
                    InfoPart("usec_per_call", .fixed(each)),
                    InfoPart("rejected_calls", .count(counts.rejections)),
                    InfoPart("failed_calls", .count(counts.failures)),
                ])
            )
        }
    }

    /// The numbers of keys by size, in powers of two.
    static let keySizes = InfoSection("Keysizes", isDefault: false, needsKeySizes: true) {
        $0.keySizes?.parts ?? []
    }

    static let errors = InfoSection("Errorstats") { source in
        source.server.statistics.errorsByCode.sorted { $0.key < $1.key }.map { code, count in
            InfoPart("errorstat_" + code, .parts([InfoPart("count", .count(count))]))
        }
    }

    /// Percentiles of a command's durations, in microseconds.
    static let latency = InfoSection("Latencystats", isDefault: false) { source in
        let server = source.server
        guard source.options.tracksLatency else { return [] }
        let names = source.configuration.value("latency-tracking-info-percentiles").text
            .split(separator: " ")
        let shares = zip(names, source.options.latencyPercentiles).map { ("p\($0)", $1) }
        let perCycle = server.microsecondsPerCycle
        return source.durations.map { row, durations in
            let values = shares.map { name, share in
                let cycles = DurationHistogram.percentile(share, of: durations)
                return InfoPart(name, .fine(Double(cycles) * perCycle))
            }
            return InfoPart(
                "latency_percentiles_usec_" + source.commandName(row),
                .parts(values)
            )
        }
    }
}

extension InfoField {
    fileprivate static func kilobytes(
        _ name: String,
        _ bytes: @escaping @Sendable (ServerStatistics) -> UInt64
    ) -> InfoField { InfoField(name) { .fixed(Double(bytes($0.server.statistics)) / 1024) } }
}
