import Primitives
import Testing

@testable import Server

@Suite struct LatencyMonitorTests {
    @Test func `only the longest event of each second is kept`() {
        let monitor = LatencyMonitor()
        for (second, time) in [(1, 5), (1, 9), (1, 7), (2, 3)] {
            monitor.note(.command, milliseconds: Int64(time), second: Int64(second))
        }
        let series = monitor.series(Bytes("Command"))
        #expect(series?.samples.map(\.milliseconds) == [9, 3] && series?.longest == 9)
        #expect(monitor.series(Bytes("fast-command")) == nil && monitor.series(Bytes("x")) == nil)
    }

    @Test func `the latest samples and the all-time maximum are kept`() {
        var series = LatencyMonitor.Series()
        for second in 0..<500 {
            series.add(
                LatencyMonitor.Sample(time: Int64(second), milliseconds: Int64(500 - second))
            )
        }
        #expect(series.samples.count == 160 && series.samples.first?.time == 340)
        #expect(series.longest == 500)
    }

    @Test func `a reset returns the number of events removed`() {
        let monitor = LatencyMonitor()
        monitor.note(.command, milliseconds: 1, second: 1)
        monitor.note(.expireCycle, milliseconds: 1, second: 1)
        #expect(monitor.events.map(\.event) == [.command, .expireCycle])
        #expect(monitor.reset(["command", "COMMAND", "x", "fast-command"]) == 1)
        #expect(monitor.reset([]) == 1 && monitor.events.isEmpty)
    }

    private func series(_ times: [(Int64, Int64)]) -> LatencyMonitor.Series {
        var series = LatencyMonitor.Series()
        for (second, time) in times {
            series.add(LatencyMonitor.Sample(time: second, milliseconds: time))
        }
        return series
    }

    /// The expected drawing is that of redis-server 7.0.
    @Test func `samples are drawn in columns`() {
        let graph = LatencyGraph("command", series([(10, 50), (11, 20), (12, 100)]), now: 12)
        let lines = graph.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "command - high 100 ms, low 20 ms (all time high 100 ms)")
        #expect(lines[2...] == ["  #", "  |", "o |", "|_|", "   ", "210", "sss", ""])
    }

    /// The expected figures are those of redis-server 7.0.
    @Test func `the doctor analyses samples`() {
        let events = [(LatencyMonitor.Event.command, series([(10, 50), (11, 20), (12, 100)]))]
        let doctor = LatencyDoctor(events, threshold: 10, logsSlow: true, now: 12)
        #expect(
            doctor.text.contains(
                "1. command: 3 latency spikes (average 56ms, mean deviation 28ms, period "
                    + "0.67 sec). Worst all time event 100ms.\n"
            )
        )
    }
}
