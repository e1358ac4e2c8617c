import Testing

@testable import Server

@Suite struct MetricTableTests {
    @Test func `every family has a name of its own and a value where INFO has one`() throws {
        let server = try idleServer(threads: 2)
        server.set("a")
        let source = InfoSource(server)
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
        // Those that have nothing to show yet.
        let silent = Metric.all.filter { $0.samples(source).isEmpty }.map(\.name)
        let allowed = [
            "aof_", "latency_spike", "commands", "latency_p", "errors", "db_", "duration",
        ]
        for name in silent {
            #expect(allowed.contains { name.contains($0) }, "\(name) has no value")
        }
        for metric in Metric.all {
            #expect(metric.name.hasPrefix("redis_") || metric.name.hasPrefix("apus_"))
            #expect(metric.help.hasSuffix("."))
        }
    }

    @Test func `a histogram is cumulative, and its last bucket is its count`() throws {
        let server = try idleServer(threads: 2)
        for cycles in [1, 40, 5000, 1_000_000_000_000] as [UInt64] {
            server.workers[1].executor.statistics.count(0, cycles: cycles)
        }
        let metric = try #require(
            Metric.all.first { $0.name == "apus_command_duration_seconds" }
        )
        let samples = metric.samples(InfoSource(server))
        let buckets = samples.filter { $0.suffix == "_bucket" }.map(\.value)
        let counts = buckets.compactMap { value -> UInt64? in
            guard case .count(let count) = value else { return nil }
            return count
        }
        #expect(counts == counts.sorted() && counts.last == 4 && counts.count == 25)
        #expect(samples.last?.value == .count(4) && samples.last?.suffix == "_count")
    }
}
