internal import Commands
internal import Primitives
internal import Synchronization

/// The counters of all workers since the start or the last CONFIG RESETSTAT.
///
/// They can be read while workers count. A reset changes no counter: it records their current
/// values, and later reads return the difference.
final class ServerStatistics: @unchecked Sendable {  // because: what changes is guarded
    /// The values of all counters at the last reset.
    private struct Mark {
        var counts: [UInt64] = []
        var commandCounts: [UInt64] = []
        var commands: [CommandCounts] = []
        var durations: [Int: [UInt64]] = [:]
        var errors: [String: UInt64] = [:]
    }

    /// The workers whose counters are read; set before they start.
    var workers: [Worker] = []
    private let commandCount: Int
    private let mark = Mutex(Mark())
    private let rates = Mutex(Rates())

    init(commandCount: Int) { self.commandCount = commandCount }

    // MARK: Reading

    /// The value of a counter over all workers.
    subscript(which: WorkerCount) -> UInt64 {
        since(mark.withLock { $0.counts }, which.rawValue, sum(which))
    }

    /// The value of a counter over all workers' commands.
    subscript(which: CommandCount) -> UInt64 {
        since(mark.withLock { $0.commandCounts }, which.rawValue, sum(which))
    }

    /// The counts of the command in `row`.
    func command(_ row: Int) -> CommandCounts {
        let now = commandSum(row)
        return mark.withLock { mark in
            row < mark.commands.count ? now.since(mark.commands[row]) : now
        }
    }

    /// The durations of the command in `row`, by bucket of `DurationHistogram`; nil if unknown.
    func durations(of row: Int) -> [UInt64]? {
        guard var sum = durationSum(row) else { return nil }
        if let earlier = mark.withLock({ $0.durations[row] }) {
            for bucket in sum.indices {
                sum[bucket] = sum[bucket].subtractingSaturated(earlier[bucket])
            }
        }
        return sum.contains { $0 > 0 } ? sum : nil
    }

    /// The number of error replies by code.
    var errorsByCode: [String: UInt64] {
        let now = errorSum
        let earlier = mark.withLock { $0.errors }
        return now.reduce(into: [:]) { rest, error in
            let count = error.value.subtractingSaturated(earlier[error.key] ?? 0)
            if count > 0 { rest[error.key] = count }
        }
    }

    /// The current rates per second.
    var perSecond: (commands: UInt64, bytesReceived: UInt64, bytesSent: UInt64) {
        rates.withLock {
            ($0.commands.perSecond, $0.bytesReceived.perSecond, $0.bytesSent.perSecond)
        }
    }

    private func since(_ marks: [UInt64], _ index: Int, _ now: UInt64) -> UInt64 {
        index < marks.count ? now.subtractingSaturated(marks[index]) : now
    }

    // MARK: Writing

    /// Takes a sample for the rates at `now` (milliseconds).
    func noteRates(now: Int64) {
        let counts = (sum(.commandsRun), sum(.bytesReceived), sum(.bytesSent))
        rates.withLock { rates in
            rates.commands.note(counts.0, now: now)
            rates.bytesReceived.note(counts.1, now: now)
            rates.bytesSent.note(counts.2, now: now)
        }
    }

    /// Resets all counts to zero.
    func reset() {
        var next = Mark()
        next.counts = WorkerCount.allCases.map { sum($0) }
        next.commandCounts = CommandCount.allCases.map { sum($0) }
        next.commands = (0..<commandCount).map { commandSum($0) }
        for row in 0..<commandCount { next.durations[row] = durationSum(row) }
        next.errors = errorSum
        mark.withLock { $0 = next }
        rates.withLock { $0 = Rates() }
    }

    // MARK: Totals since the start

    private func sum(_ which: WorkerCount) -> UInt64 {
        workers.reduce(0) { $0 &+ $1.executor.statistics[which] }
    }

    private func sum(_ which: CommandCount) -> UInt64 {
        workers.reduce(0) { $0 &+ $1.executor.context.statistics[which] }
    }

    private func commandSum(_ row: Int) -> CommandCounts {
        var sum = CommandCounts()
        for worker in workers { sum.add(worker.executor.statistics[row]) }
        return sum
    }

    private func durationSum(_ row: Int) -> [UInt64]? {
        var sum: [UInt64]?
        for worker in workers {
            guard let counts = worker.executor.statistics.durations(of: row) else { continue }
            sum = sum.map { zip($0, counts).map { $0 &+ $1 } } ?? counts
        }
        return sum
    }

    private var errorSum: [String: UInt64] {
        workers.reduce(into: [:]) { $0.merge($1.executor.statistics.errorsByCode) { $0 &+ $1 } }
    }
}

/// The server's rates per second.
private struct Rates {
    var commands = Rate()
    var bytesReceived = Rate()
    var bytesSent = Rate()
}
