internal import Commands
internal import Primitives

// Metrics with a sample per command, error, event or database.

extension Metric {
    static let commands: [Metric] = [
        perCommand("redis_commands_total", "Calls of each command.") { counts, _ in
            .count(counts.calls)
        },
        perCommand(
            "redis_commands_duration_seconds_total",
            "Time spent on each command."
        ) { counts, perCycle in
            .real(Double(counts.cycles) * perCycle / 1e6)
        },
        perCommand(
            "redis_commands_rejected_calls_total",
            "Calls of each command that were rejected before it ran."
        ) { counts, _ in .count(counts.rejections) },
        perCommand(
            "redis_commands_failed_calls_total",
            "Calls of each command that ended in an error."
        ) { counts, _ in .count(counts.failures) },
        Metric(
            "redis_latency_percentiles_usec",
            .summary,
            "Durations of each command in microseconds."
        ) { source in source.eachDurations { source.summary(of: $1, $0) } },
        Metric(
            "redis_commands_latencies_usec",
            .histogram,
            "Durations of each command in microseconds, by powers of two."
        ) { source in
            source.eachDurations {
                source.histogram(of: $1, $0, bounds: (0...20).map { Double(1 << $0) }, unit: 1)
            }
        },
        Metric(
            "apus_command_duration_seconds",
            .histogram,
            "Durations of each command."
        ) { source in
            source.eachDurations {
                source.histogram(of: $1, $0, bounds: InfoSource.fineBounds, unit: 1e6)
            }
        },
    ]

    static let keyspace: [Metric] = [
        perDatabase("redis_db_keys", "Keys of each database.") { .number($0.keys) },
        perDatabase("redis_db_keys_expiring", "Keys with an expiry in each database.") {
            .number($0.volatileKeys)
        },
        perDatabase(
            "redis_db_avg_ttl_seconds",
            "Mean time to live of keys in each database, by sampling."
        ) { .real(Double($0.lifetimes.mean) / 1000) },
        perDatabase(
            "redis_db_keys_with_expiring_items",
            "Hashes with expiring fields in each database."
        ) { .number($0.volatileHashes) },
    ]

    static let events: [Metric] = [
        Metric("redis_errors_total", .counter, "Error replies by error code.") { source in
            source.server.statistics.errorsByCode.sorted { $0.key < $1.key }.map {
                MetricSample(.count($1), MetricLabel("err", $0))
            }
        },
        .one("redis_slowlog_length", .gauge, "Entries in the slow log.") {
            .number($0.server.commandLog.count(.slow, limit: $0.slowEntriesMax))
        },
        .one("redis_slowlog_last_id", .gauge, "ID of the latest entry in the slow log.") {
            .number($0.lastSlow?.id ?? 0)
        },
        .one(
            "redis_last_slow_execution_duration_seconds",
            .gauge,
            "Duration of the latest command in the slow log."
        ) { .real(Double($0.lastSlow?.measure ?? 0) / 1e6) },
        Metric(
            "redis_latency_spike_last",
            .gauge,
            "Time of the latest spike of each event in seconds since 1970."
        ) { source in
            source.spikes { .integer($0.samples.last?.time ?? 0) }
        },
        Metric(
            "redis_latency_spike_duration_seconds",
            .gauge,
            "Duration of the latest spike of each event."
        ) { source in
            source.spikes { .real(Double($0.samples.last?.milliseconds ?? 0) / 1000) }
        },
        Metric(
            "apus_latency_spike_max_seconds",
            .gauge,
            "Duration of the longest spike of each event."
        ) { source in
            source.spikes { .real(Double($0.longest) / 1000) }
        },
    ]

    private static func perCommand(
        _ name: String,
        _ help: String,
        _ value: @escaping @Sendable (CommandCounts, _ perCycle: Double) -> MetricValue
    ) -> Metric {
        Metric(name, .counter, help) { source in
            let perCycle = source.server.microsecondsPerCycle
            return source.usedCommands.map { row, counts in
                let label = MetricLabel("cmd", source.commandName(row))
                return MetricSample(value(counts, perCycle), label)
            }
        }
    }

    private static func perDatabase(
        _ name: String,
        _ help: String,
        _ value: @escaping @Sendable (KeyspaceTotals.Database) -> MetricValue
    ) -> Metric {
        Metric(name, .gauge, help) { source in
            source.keyspace.databases.map {
                MetricSample(value($0), MetricLabel("db", "db\($0.number)"))
            }
        }
    }
}

extension InfoSource {
    /// Upper bounds in seconds: 1, 2.5 and 5 of each decade.
    fileprivate static let fineBounds: [Double] = (-7...0).flatMap { exponent in
        [1.0, 2.5, 5].map { Double("\($0)e\(exponent)") ?? 0 }
    }

    /// The samples that `make` makes of each command whose durations are known.
    fileprivate func eachDurations(
        _ make: (_ command: MetricLabel, _ durations: [UInt64]) -> [MetricSample]
    ) -> [MetricSample] {
        guard options.tracksLatency else { return [] }
        return durations.flatMap { row, counted in
            make(MetricLabel("cmd", commandName(row)), counted)
        }
    }

    /// Percentiles, the sum and the count, in microseconds.
    fileprivate func summary(of durations: [UInt64], _ command: MetricLabel) -> [MetricSample] {
        let perCycle = server.microsecondsPerCycle
        let shares = options.latencyPercentiles.map { share in
            let cycles = DurationHistogram.percentile(share, of: durations)
            return MetricSample(
                .real(Double(cycles) * perCycle),
                command,
                MetricLabel("quantile", "\(share / 100)")
            )
        }
        return shares + ends(of: durations, command, unit: 1)
    }

    /// The number of durations up to each of `bounds`, given in units of `unit` microseconds.
    fileprivate func histogram(
        of durations: [UInt64],
        _ command: MetricLabel,
        bounds: [Double],
        unit: Double
    ) -> [MetricSample] {
        let perCycle = server.microsecondsPerCycle / unit
        var samples: [MetricSample] = []
        var bucket = 0
        var count: UInt64 = 0
        for bound in bounds {
            while bucket < durations.count,
                Double(DurationHistogram.longest(bucket)) * perCycle <= bound
            {
                count &+= durations[bucket]
                bucket += 1
            }
            let label = MetricLabel("le", "\(bound)")
            samples.append(MetricSample(.count(count), command, label, suffix: "_bucket"))
        }
        let all = durations.reduce(0, &+)
        let label = MetricLabel("le", "+Inf")
        samples.append(MetricSample(.count(all), command, label, suffix: "_bucket"))
        return samples + ends(of: durations, command, unit: unit)
    }

    /// The sum and the count of durations; the sum within 3 %, as it is that of the buckets.
    private func ends(
        of durations: [UInt64],
        _ command: MetricLabel,
        unit: Double
    ) -> [MetricSample] {
        let perCycle = server.microsecondsPerCycle / unit
        let sum = durations.indices.reduce(0.0) { sum, bucket in
            guard durations[bucket] > 0 else { return sum }
            return sum + Double(durations[bucket]) * Double(DurationHistogram.longest(bucket))
        }
        return [
            MetricSample(.real(sum * perCycle), command, suffix: "_sum"),
            MetricSample(.count(durations.reduce(0, &+)), command, suffix: "_count"),
        ]
    }

    fileprivate var slowEntriesMax: Int { options.commandLogMax[CommandLog.Kind.slow.rawValue] }

    fileprivate var lastSlow: CommandLog.Entry? {
        server.commandLog.latest(.slow, 1, limit: slowEntriesMax).first
    }

    /// A figure of each monitored event that has happened.
    fileprivate func spikes(_ value: (LatencyMonitor.Series) -> MetricValue) -> [MetricSample] {
        server.latency.events.map { event, series in
            MetricSample(value(series), MetricLabel("event_name", event.rawValue))
        }
    }
}
