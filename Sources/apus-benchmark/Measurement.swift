internal import Histogram

/// The measurement of one test.
struct Measurement {
    /// Latencies in nanoseconds, to three digits.
    var latencies = Histogram<UInt64>(
        highestTrackableValue: latencyMax,
        numberOfSignificantValueDigits: .three
    )
    /// The exact sum of the latencies.
    var latencySum: UInt64 = 0
    var requests = 0
    /// From the first request to the last reply, over all threads, in nanoseconds.
    var start = Int64.max
    var end = Int64.min
    /// The CPU time of the client itself.
    var cpu = ProcessorTime()

    /// One hour; longer latencies count as this.
    private static let latencyMax: UInt64 = 3_600_000_000_000

    /// Adds `count` requests that took `nanoseconds` each.
    mutating func record(_ nanoseconds: Int64, count: Int) {
        let latency = min(UInt64(max(nanoseconds, 0)), Self.latencyMax)
        _ = latencies.record(latency, count: UInt64(count))
        latencySum += latency * UInt64(count)
        requests += count
    }

    /// Adds another thread's measurement of the same test.
    mutating func merge(_ other: Measurement) {
        latencies.add(other.latencies)
        latencySum += other.latencySum
        requests += other.requests
        start = min(start, other.start)
        end = max(end, other.end)
    }

    var seconds: Double { requests > 0 ? Double(max(1, end - start)) / 1e9 : 0 }
    var requestsPerSecond: Double { requests > 0 ? Double(requests) / seconds : 0 }
    var averageNanoseconds: UInt64 { requests > 0 ? latencySum / UInt64(requests) : 0 }

    func percentile(_ percent: Double) -> UInt64 { latencies.valueAtPercentile(percent) }
}
