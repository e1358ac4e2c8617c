internal import Primitives

/// The report of LATENCY DOCTOR.
struct LatencyDoctor {
    /// The report.
    let text: String

    /// Analyses events as of `now` (seconds since 1970); `threshold` is in milliseconds, 0 if the
    /// monitor is off.
    init(
        _ events: [(event: LatencyMonitor.Event, series: LatencyMonitor.Series)],
        threshold: Int64,
        logsSlow: Bool,
        now: Int64
    ) {
        guard !events.isEmpty else {
            text = threshold > 0 ? LatencyDoctor.noSpike : LatencyDoctor.isOff
            return
        }
        var lines = [
            "Dave, I have observed latency spikes in this Redis instance. You don't mind talking "
                + "about it, do you Dave?", "",
        ]
        for (index, entry) in events.enumerated() {
            lines.append("\(index + 1). " + LatencyDoctor.describe(entry.event, entry.series, now))
        }
        lines.append("")
        let advice = LatencyDoctor.advice(events.map(\.event), logsSlow: logsSlow)
        if advice.isEmpty {
            lines.append(
                "While there are latency events logged, I'm not able to suggest any easy fix. "
                    + "Please use the Redis community to get some help, providing this report in "
                    + "your help request."
            )
        } else {
            lines += ["I have a few advices for you:", ""] + advice.map { "- \($0)" }
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static let isOff =
        "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. "
        + "You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to "
        + "enable it. If we weren't in a deep space mission I'd suggest to take a look at "
        + "https://redis.io/topics/latency-monitor.\n"

    private static let noSpike =
        "Dave, no latency spike was observed during the lifetime of this Redis instance, not in "
        + "the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, "
        + "and think things over.\n"

    private static func describe(
        _ event: LatencyMonitor.Event,
        _ series: LatencyMonitor.Series,
        _ now: Int64
    ) -> String {
        let times = series.samples.map(\.milliseconds)
        let count = Int64(max(times.count, 1))
        let average = times.reduce(0, +) / count
        let deviation = times.reduce(0) { $0 + abs($1 - average) } / count
        let first = series.samples.first?.time ?? now
        var period = ByteBuffer()
        period.append(fixed: Double(max(now - first, 0)) / Double(count), digits: 2)
        return "\(event.rawValue): \(times.count) latency spikes (average \(average)ms, mean "
            + "deviation \(deviation)ms, period \(period.bytes.string) sec). Worst all time event "
            + "\(series.longest)ms."
    }

    private static func advice(
        _ events: [LatencyMonitor.Event],
        logsSlow: Bool
    ) -> [String] {
        var advice: [String] = []
        let hasCommands = events.contains(.command) || events.contains(.fastCommand)
        if hasCommands, !logsSlow {
            advice.append(
                "In order to understand what are the commands that are slow, enable the Slow Log: "
                    + "CONFIG SET slowlog-log-slower-than 1000."
            )
        } else if hasCommands {
            advice.append(
                "Check your Slow Log to understand what are the commands you are running which "
                    + "are too slow to execute. Please check https://redis.io/commands/slowlog for "
                    + "more information."
            )
        }
        if events.contains(.command) || events.contains(.expireCycle) {
            advice.append(
                "Deleting, expiring or evicting (because of maxmemory policy) large objects is a "
                    + "blocking operation. If you have very large objects that are often deleted, "
                    + "expired, or evicted, try to fragment those objects into multiple smaller "
                    + "objects."
            )
        }
        return advice
    }
}
