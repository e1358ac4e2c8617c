internal import Histogram
internal import Remote

/// Reports for people, and for scripts that expect redis-benchmark's text or CSV.
struct TextReport {
    let options: Options
    let facts: ServerFacts

    /// The first line of CSV output.
    static let csvHeader =
        "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\","
        + "\"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"\n"

    /// The output for one test.
    func text(_ title: String, _ measured: Measurement) -> String {
        if options.isCSV { return csvRow(title, measured) }
        if options.isQuiet { return quietLine(title, measured) }
        return head(title, measured) + percentiles(measured) + distribution(measured)
            + summary(measured)
    }

    private func csvRow(_ title: String, _ measured: Measurement) -> String {
        let quoted = title.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"")
        let cells = [quoted, Decimals.fixed(measured.requestsPerSecond, 2)] + row(measured)
        return "\"" + cells.joined(separator: "\",\"") + "\"\n"
    }

    private func quietLine(_ title: String, _ measured: Measurement) -> String {
        "\(title): \(Decimals.fixed(measured.requestsPerSecond, 2)) requests per second, "
            + "p50=\(latency(measured.percentile(50))) msec\n"
    }

    private func head(_ title: String, _ measured: Measurement) -> String {
        let seconds = Decimals.fixed(measured.seconds, 2)
        var text = "====== \(title) ======\n"
        text += "  \(measured.requests) requests completed in \(seconds) seconds\n"
        text += "  \(options.clients) parallel clients\n"
        text += "  \(options.dataByteCount) bytes payload\n"
        text += "  keep alive: \(options.keepsAlive ? 1 : 0)\n"
        if let save = facts.save, let appendOnly = facts.appendOnly {
            text += "  host configuration \"save\": \(save)\n"
            text += "  host configuration \"appendonly\": \(appendOnly)\n"
        }
        text += "  multi-thread: \(options.isThreaded ? "yes" : "no")\n"
        if options.isThreaded { text += "  threads: \(options.threads)\n" }
        if let rate = options.requestsPerSecond { text += "  open loop: \(rate) per second\n" }
        if let exponent = options.zipfExponent { text += "  zipf exponent: \(exponent)\n" }
        return text + "\n"
    }

    /// The latencies below which half the requests are, three quarters, seven eighths, and so on.
    private func percentiles(_ measured: Measurement) -> String {
        var text = "Latency by percentile distribution:\n"
        for step in measured.latencies.percentiles(ticksPerHalfDistance: 1) {
            text += distributionRow(
                step.percentileLevelIteratedTo,
                step.value,
                step.totalCountToThisValue
            )
        }
        return text + "\n"
    }

    /// How many requests stayed below round latencies; omits bounds that add none.
    private func distribution(_ measured: Measurement) -> String {
        var text = "Cumulative distribution of latencies:\n"
        var bound: UInt64 = 0
        var counted: UInt64 = 0
        for value in measured.latencies.recordedValues() {
            if value.value > bound {
                if counted > 0 {
                    text += distributionRow(percent(counted, measured), bound, counted)
                }
                bound = Self.roundBound(over: value.value)
            }
            counted = value.totalCountToThisValue
        }
        return text + distributionRow(percent(counted, measured), bound, counted) + "\n"
    }

    private func summary(_ measured: Measurement) -> String {
        let rate = Decimals.fixed(measured.requestsPerSecond, 2)
        let names = ["avg", "min", "p50", "p95", "p99", "max"]
        return "Summary:\n  throughput summary: \(rate) requests per second\n"
            + "  latency summary (msec):\n"
            + "    \(names.map { Decimals.padded($0, 9) }.joined(separator: " "))\n"
            + "    \(row(measured).map { Decimals.padded($0, 9) }.joined(separator: " "))\n"
    }

    private func distributionRow(_ percent: Double, _ bound: UInt64, _ count: UInt64) -> String {
        "\(Decimals.fixed(percent, 3))% <= \(latency(bound)) milliseconds "
            + "(cumulative count \(count))\n"
    }

    /// The average, least, median, 95th and 99th percentile and greatest latency.
    private func row(_ measured: Measurement) -> [String] {
        [
            measured.averageNanoseconds, measured.latencies.min, measured.percentile(50),
            measured.percentile(95), measured.percentile(99), measured.latencies.max,
        ].map(latency)
    }

    private func percent(_ count: UInt64, _ measured: Measurement) -> Double {
        measured.requests > 0 ? Double(count) * 100 / Double(measured.requests) : 0
    }

    private func latency(_ nanoseconds: UInt64) -> String {
        Decimals.milliseconds(nanoseconds, options.latencyPlaces)
    }

    /// The bound of the step that contains a latency.
    ///
    /// Steps are tenths of a millisecond up to 2, whole milliseconds up to 100, then tenths of a
    /// second.
    static func roundBound(over nanoseconds: UInt64) -> UInt64 {
        let step: UInt64 =
            switch nanoseconds {
            case ...2_000_000: 100_000
            case ...100_000_000: 1_000_000
            default: 100_000_000
            }
        return (nanoseconds + step - 1) / step * step
    }
}
