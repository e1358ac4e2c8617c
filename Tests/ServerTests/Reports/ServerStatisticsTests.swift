import Commands
import Testing

@testable import Server

@Suite struct ServerStatisticsTests {
    @Test func `counters of all workers are summed up`() throws {
        let server = try idleServer(threads: 3)
        for (index, worker) in server.workers.enumerated() {
            worker.executor.statistics.add(.commandsRun, UInt64(index) + 1)
            worker.executor.statistics.count(2, cycles: 100)
            worker.executor.statistics.countError("ERR")
            worker.executor.context.statistics.add(.hits, 10)
            worker.executor.context.statistics.add(.misses)
        }
        let statistics = server.statistics
        #expect(statistics[.commandsRun] == 6 && statistics[.errorReplies] == 3)
        #expect(statistics[.hits] == 30 && statistics[.misses] == 3)
        #expect(statistics.command(2) == CommandCounts(calls: 3, cycles: 300))
        #expect(statistics.errorsByCode == ["ERR": 3])
        let bucket = DurationHistogram.bucket(100)
        #expect(statistics.durations(of: 2)?[bucket] == 3 && statistics.durations(of: 1) == nil)
    }

    @Test func `a reset leaves nothing, and what comes after counts from zero`() throws {
        let server = try idleServer(threads: 2)
        let statistics = server.statistics
        func work() {
            for worker in server.workers {
                worker.executor.statistics.add(.bytesSent, 5)
                worker.executor.statistics.count(0, cycles: 7)
                worker.executor.statistics.countError("WRONGTYPE")
                worker.executor.context.statistics.add(.hits)
            }
        }
        work()
        statistics.noteRates(now: 100)
        statistics.reset()
        #expect(statistics[.bytesSent] == 0 && statistics[.hits] == 0)
        #expect(statistics.command(0) == CommandCounts() && statistics.durations(of: 0) == nil)
        #expect(statistics.errorsByCode.isEmpty && statistics.perSecond.bytesSent == 0)
        work()
        #expect(statistics[.bytesSent] == 10 && statistics[.hits] == 2)
        #expect(statistics.command(0) == CommandCounts(calls: 2, cycles: 14))
        #expect(statistics.durations(of: 0)?[7] == 2)
        #expect(statistics.errorsByCode == ["WRONGTYPE": 2])
    }

    @Test func `rates cover all workers`() throws {
        let server = try idleServer(threads: 2)
        for tick in 1...20 {
            for worker in server.workers { worker.executor.statistics.add(.bytesReceived, 100) }
            server.statistics.noteRates(now: Int64(tick) * 100)
        }
        #expect(server.statistics.perSecond.bytesReceived == 2000)
        #expect(server.statistics.perSecond.commands == 0)
    }
}
