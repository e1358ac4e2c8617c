internal import Commands
internal import Primitives

/// What was counted: as a whole, by command, by error.
extension InfoReport {
    var statisticsLines: [String] {
        var total = Totals()
        for worker in server.workers { total.add(worker) }
        return [
            "total_connections_received:\(total.connections)",
            "total_commands_processed:\(total.commands)",
            "instantaneous_ops_per_sec:\(rate(\.commands))",
            "total_net_input_bytes:\(total.bytesReceived)",
            "total_net_output_bytes:\(total.bytesSent)",
            "total_net_repl_input_bytes:0", "total_net_repl_output_bytes:0",
            "instantaneous_input_kbps:\(fixed(Double(rate(\.bytesReceived)) / 1024))",
            "instantaneous_output_kbps:\(fixed(Double(rate(\.bytesSent)) / 1024))",
            "instantaneous_input_repl_kbps:0.00", "instantaneous_output_repl_kbps:0.00",
            "rejected_connections:\(total.rejected)", "sync_full:0", "sync_partial_ok:0",
            "sync_partial_err:0", "expired_keys:\(total.expired)",
            "expired_subkeys:\(total.expiredFields)", "expired_stale_perc:0.00",
            "expired_time_cap_reached_count:\(total.expiriesCutShort)",
            "expire_cycle_cpu_milliseconds:\(milliseconds(total.expiryCycles))",
            "evicted_keys:0", "evicted_clients:0", "total_eviction_exceeded_time:0",
            "current_eviction_exceeded_time:0", "keyspace_hits:\(total.hits)",
            "keyspace_misses:\(total.misses)",
            "pubsub_channels:0", "pubsub_patterns:0", "pubsubshard_channels:0",
            "latest_fork_usec:0", "total_forks:0", "migrate_cached_sockets:0",
            "slave_expires_tracked_keys:0", "active_defrag_hits:0", "active_defrag_misses:0",
            "active_defrag_key_hits:0", "active_defrag_key_misses:0",
            "total_active_defrag_time:0", "current_active_defrag_time:0",
            "tracking_total_keys:0", "tracking_total_items:0", "tracking_total_prefixes:0",
            "unexpected_error_replies:0", "total_error_replies:\(total.errors)",
            "dump_payload_sanitizations:0", "total_reads_processed:\(total.receives)",
            "total_writes_processed:\(total.sends)", "io_threaded_reads_processed:0",
            "io_threaded_writes_processed:0",
        ]
    }

    private func milliseconds(_ cycles: UInt64) -> UInt64 {
        UInt64(Double(cycles) * server.microsecondsPerCycle / 1000)
    }

    private func rate(_ which: KeyPath<WorkerRates, Rate>) -> UInt64 {
        server.workers.reduce(0) { $0 + $1.upkeep.rates[keyPath: which].perSecond }
    }

    var commandLines: [String] {
        let facts = server.registry.table.facts
        let perCycle = server.microsecondsPerCycle
        return facts.indices.compactMap { row in
            var sum = WorkerStatistics.Command()
            for worker in server.workers { sum.add(worker.executor.statistics[row]) }
            guard sum.calls + sum.rejections > 0 else { return nil }
            let usec = Double(sum.cycles) * perCycle
            let each = sum.calls > 0 ? usec / Double(sum.calls) : 0
            return "cmdstat_\(name(of: row)):calls=\(sum.calls),usec=\(UInt64(usec)),"
                + "usec_per_call=\(fixed(each)),rejected_calls=\(sum.rejections),"
                + "failed_calls=\(sum.failures)"
        }
    }

    var errorLines: [String] {
        var sums: [String: UInt64] = [:]
        for worker in server.workers {
            sums.merge(worker.executor.statistics.errorsByCode) { $0 + $1 }
        }
        return sums.sorted { $0.key < $1.key }.map { "errorstat_\($0.key):count=\($0.value)" }
    }

    /// The durations that so many percent of a command's calls did not exceed, in microseconds.
    var latencyLines: [String] {
        guard server.options.tracksLatency else { return [] }
        let perCycle = server.microsecondsPerCycle
        return server.registry.table.facts.indices.compactMap { row in
            guard let sum = server.durations(of: row) else { return nil }
            let values = zip(shareNames, server.options.latencyPercentiles).map { name, share in
                let cycles = DurationHistogram.percentile(share, of: sum)
                return "p\(name)=\(thousandths(Double(cycles) * perCycle))"
            }
            return "latency_percentiles_usec_\(name(of: row)):" + values.joined(separator: ",")
        }
    }

    private var shareNames: [Substring] {
        server.configuration.value("latency-tracking-info-percentiles").text.split(separator: " ")
    }

    /// A command's name, `|` before a subcommand's.
    private func name(of row: Int) -> String {
        var name = ByteBuffer()
        name.appendLowercase(Bytes(server.registry.table.facts[row].name))
        return name.bytes.string
    }

    /// Three decimals.
    private func thousandths(_ value: Double) -> String {
        let count = UInt64((value * 1000).rounded())
        return "\(count / 1000)." + String(1000 + count % 1000).dropFirst()
    }
}

/// What all workers counted.
private struct Totals {
    var connections: UInt64 = 0
    var rejected: UInt64 = 0
    var commands: UInt64 = 0
    var receives: UInt64 = 0
    var sends: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var expired: UInt64 = 0
    var expiredFields: UInt64 = 0
    var expiryCycles: UInt64 = 0
    var expiriesCutShort: UInt64 = 0
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    var errors: UInt64 = 0

    mutating func add(_ worker: Worker) {
        connections += worker.executor.statistics.connectionsAccepted
        rejected += worker.executor.statistics.connectionsRejected
        commands += worker.executor.statistics.commandsRun
        receives += worker.executor.statistics.receives
        sends += worker.executor.statistics.sends
        bytesReceived += worker.executor.statistics.bytesReceived
        bytesSent += worker.executor.statistics.bytesSent
        expired += worker.executor.context.statistics.expiredKeys
        expiredFields += worker.executor.context.statistics.expiredFields
        expiryCycles += worker.executor.statistics.expiryCycles
        expiriesCutShort += worker.executor.statistics.expiriesCutShort
        hits += worker.executor.context.statistics.hits
        misses += worker.executor.context.statistics.misses
        errors += worker.executor.statistics.errorCount
    }
}
