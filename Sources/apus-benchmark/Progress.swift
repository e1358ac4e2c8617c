internal import Remote
internal import Synchronization

/// The progress of a thread, for a watching thread.
// because: threads share it by identity.
final class Progress: Sendable {
    private let requests = Atomic<Int>(0)
    private let latencySum = Atomic<UInt64>(0)

    /// The progress of one thread, or of all together.
    struct Sample {
        var requests = 0
        var latencySum: UInt64 = 0
    }

    func update(requests count: Int, latencySum sum: UInt64) {
        requests.store(count, ordering: .relaxed)
        latencySum.store(sum, ordering: .relaxed)
    }

    func sample() -> Sample {
        Sample(
            requests: requests.load(ordering: .relaxed),
            latencySum: latencySum.load(ordering: .relaxed)
        )
    }
}

/// The line that a person at a terminal sees while a test runs.
struct ProgressLine {
    private let title: String
    private let total: Int
    private let start: Int64
    private var lastTime: Int64
    private var last = Progress.Sample()

    init(title: String, total: Int, now: Int64) {
        self.title = title
        self.total = total
        start = now
        lastTime = now
    }

    /// The line for `sample`, with the cursor back at its start.
    mutating func text(_ sample: Progress.Sample, now: Int64) -> String {
        let rate = Self.rate(sample.requests - last.requests, now - lastTime)
        let overall = Self.rate(sample.requests, now - start)
        let latency = Self.average(
            sample.latencySum &- last.latencySum,
            sample.requests - last.requests
        )
        let overallLatency = Self.average(sample.latencySum, sample.requests)
        let percent = total > 0 ? sample.requests * 100 / total : 0
        last = sample
        lastTime = now
        return "\(Self.erase)\(title): rps=\(rate) (overall: \(overall)) "
            + "avg_msec=\(latency) (overall: \(overallLatency)) \(percent)%\r"
    }

    /// Erases a progress line.
    static let erase = "\u{1B}[2K\r"

    private static func rate(_ requests: Int, _ nanoseconds: Int64) -> String {
        Decimals.fixed(nanoseconds > 0 ? Double(requests) * 1e9 / Double(nanoseconds) : 0, 1)
    }

    private static func average(_ sum: UInt64, _ requests: Int) -> String {
        Decimals.fixed(requests > 0 ? Double(sum) / Double(requests) / 1e6 : 0, 3)
    }
}
