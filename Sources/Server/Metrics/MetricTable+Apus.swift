internal import Primitives
internal import System

// Certificates, and metrics that only Apus has.

extension Metric {
    // swift-format-ignore
    static let certificates: [Metric] = [
        .info("redis_tls_server_cert_expires_in_seconds", .gauge, of: "tls_server_cert_expires_in_seconds", "Seconds until the server's certificate expires; 0 without TLS."),
        .info("redis_tls_client_cert_expires_in_seconds", .gauge, of: "tls_client_cert_expires_in_seconds", "Seconds until the client certificate expires; 0 if there is none."),
        .info("redis_tls_ca_cert_expires_in_seconds", .gauge, of: "tls_ca_cert_expires_in_seconds", "Seconds until the first CA certificate expires; 0 if there are none."),
        Metric("redis_tls_certificate_info", .gauge, "Serial numbers of the certificates.") { source in
            ["server", "client", "ca"].map { which in
                let serial = InfoReport.fields["tls_\(which)_cert_serial"]?.value(source).text ?? ""
                return MetricSample(.integer(1), MetricLabel("certificate", which), MetricLabel("serial", serial))
            }
        },
    ]

    // swift-format-ignore
    static let ours: [Metric] = [
        .info("apus_threads", .gauge, of: "threads", "Number of worker threads."),
        Metric("apus_worker_cpu_seconds_total", .counter, "CPU time of each worker.") { source in
            source.eachWorker { .seconds($0.clock.nanoseconds) }
        },
        Metric("apus_worker_connected_clients", .gauge, "Connections of each worker.") { source in
            source.eachWorker { .count($0.clientFigures.count.value) }
        },
        Metric("apus_worker_commands_processed_total", .counter, "Commands processed by each worker.") { source in
            source.eachWorker { .count($0.executor.statistics[.commandsRun]) }
        },
        Metric("apus_pause_seconds", .histogram, "Delay of ticks: how long clients may have had to wait for a worker.") { $0.pauses },
        Metric("apus_worker_longest_pause_seconds", .gauge, "Maximum delay of a tick of each worker.") { source in
            source.eachWorker { .real(Double($0.pauses.longest.value) / 1000) }
        },
        .one("apus_expiry_lag_seconds", .gauge, "Time since the expiry of the oldest key that has yet to be removed.") { source in
            .real(Double(source.server.workers.reduce(0) { max($0, $1.pauses.expiryLag.value) }) / 1000)
        },
        .info("apus_memory_used_hash_indexes_bytes", .gauge, of: "used_memory_hash_indexes", "Memory of the indexes over hashes."),
        .info("apus_lazyfreed_objects_total", .counter, of: "lazyfreed_objects", "Large values freed in slices."),
        .info("apus_aof_rewrites_total", .counter, of: "aof_rewrites", "Rewrites of the append-only file."),
        .info("apus_aof_rewrites_consecutive_failures", .gauge, of: "aof_rewrites_consecutive_failures", "Rewrites that failed since one succeeded."),
        .one("apus_loading_ratio", .gauge, "Loaded share of the files; 1 if the server is not loading.") { .real(($0.loading?.percent ?? 100) / 100) },
        .one("apus_tls_handshakes_total", .counter, "Successful TLS handshakes.") { .count($0.server.handshakes.succeeded.value) },
        .one("apus_tls_handshake_failures_total", .counter, "Failed TLS handshakes.") { .count($0.server.handshakes.failed.value) },
        .one("apus_tls_handshakes_in_progress", .gauge, "TLS handshakes in progress.") { .count($0.server.handshakes.current.value) },
    ]
}

extension InfoSource {
    /// A figure of each worker.
    fileprivate func eachWorker(_ value: (Worker) -> MetricValue) -> [MetricSample] {
        server.workers.map { MetricSample(value($0), MetricLabel("worker", "\($0.index)")) }
    }

    /// The pauses of all workers.
    fileprivate var pauses: [MetricSample] {
        let counts = (0...PauseFigures.bounds.count).map { bucket in
            server.workers.reduce(UInt64(0)) { $0 &+ $1.pauses[bucket] }
        }
        let sum = server.workers.reduce(UInt64(0)) { $0 &+ $1.pauses.sum.value }
        var samples: [MetricSample] = []
        var count: UInt64 = 0
        for (bucket, each) in counts.enumerated() {
            count &+= each
            let bound = bucket < PauseFigures.bounds.count ? PauseFigures.bounds[bucket] : nil
            let text = bound.map { "\(Double($0) / 1000)" } ?? "+Inf"
            samples.append(
                MetricSample(.count(count), MetricLabel("le", text), suffix: "_bucket")
            )
        }
        samples.append(MetricSample(.real(Double(sum) / 1000), suffix: "_sum"))
        samples.append(MetricSample(.count(count), suffix: "_count"))
        return samples
    }
}
