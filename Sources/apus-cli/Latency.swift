internal import Remote

/// `--latency` and `--latency-history`: measures repeatedly how long PING takes.
struct Latency {
    /// Whether to start a new count after each interval.
    let isHistory: Bool
    private var least = 0
    private var most = 0
    private var sum = 0
    private var count = 0

    init(isHistory: Bool) { self.isHistory = isHistory }

    /// The pause between two samples.
    private static let pauseSeconds = 0.01
    private static let historySeconds = 15.0

    /// Samples until the interval is over (for one report) or ^C; returns the exit code.
    mutating func run(_ session: inout ServerSession) throws(RemoteFailure) -> Int32 {
        let format = session.options.format
        let interval = session.options.intervalSeconds
        let seconds = interval > 0 ? interval : isHistory ? Self.historySeconds : 1
        var begun = Clock.milliseconds()
        while !Interrupt.answer() {
            let sent = Clock.milliseconds()
            _ = try session.ask("PING")
            add(Clock.milliseconds() - sent)
            let isOver = Double(Clock.milliseconds() - begun) > seconds * 1000
            if isHistory || format == .readable {
                if format == .readable { session.output.write("\u{1b}[0G\u{1b}[2K") }
                session.output.write(report(format))
                session.output.flush()
            }
            if isOver, isHistory {
                let range = Double(Clock.milliseconds() - begun) / 1000
                session.output.write(" -- \(Decimals.fixed(range, 2)) seconds range\n")
                begun = Clock.milliseconds()
                self = Latency(isHistory: true)
            } else if isOver, format != .readable {
                session.output.write(report(format))
                return 0
            }
            Pause.seconds(Self.pauseSeconds)
        }
        session.output.write("\n")
        return 0
    }

    private mutating func add(_ milliseconds: Int) {
        least = count == 0 ? milliseconds : min(least, milliseconds)
        most = max(most, milliseconds)
        sum += milliseconds
        count += 1
    }

    private func report(_ format: Options.Format) -> String {
        let average = Decimals.fixed(Double(sum) / Double(max(count, 1)), 2)
        return switch format {
        case .readable: "min: \(least), max: \(most), avg: \(average) (\(count) samples)"
        case .raw: "\(least) \(most) \(average) \(count)\n"
        case .csv: "\(least),\(most),\(average),\(count)\n"
        case .json, .quotedJSON:
            "{\"min\": \(least), \"max\": \(most), \"avg\": \(average), \"count\": \(count)}\n"
        }
    }
}
