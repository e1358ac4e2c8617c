/// A count per second, smoothed over 16 samples.
struct Rate {
    private var samples: [UInt64] = []
    private var lastCount: UInt64 = 0
    private var lastMoment: Int64 = 0

    /// The mean of the samples.
    var perSecond: UInt64 {
        samples.isEmpty ? 0 : samples.reduce(0, +) / UInt64(samples.count)
    }

    /// Notes that the count has come to `count` at `now` (milliseconds).
    mutating func note(_ count: UInt64, now: Int64) {
        let elapsed = now - lastMoment
        guard elapsed > 0 else { return }
        if lastMoment > 0, count >= lastCount {
            samples.append((count - lastCount) * 1000 / UInt64(elapsed))
            if samples.count > 16 { samples.removeFirst() }
        }
        lastMoment = now
        lastCount = count
    }
}

/// What a worker does in a second.
struct WorkerRates {
    private(set) var commands = Rate()
    private(set) var bytesReceived = Rate()
    private(set) var bytesSent = Rate()

    /// Notes what was counted up to `now` (milliseconds).
    mutating func note(_ statistics: borrowing WorkerStatistics, now: Int64) {
        commands.note(statistics.commandsRun, now: now)
        bytesReceived.note(statistics.bytesReceived, now: now)
        bytesSent.note(statistics.bytesSent, now: now)
    }
}
