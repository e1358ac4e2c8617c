import Testing

@testable import Server

@Suite struct WorkerStatisticsTests {
    @Test func `calls, failures and rejections are counted by command`() {
        var statistics = WorkerStatistics(commandCount: 3)
        statistics.count(1, cycles: 10)
        statistics.countFailure(1, cycles: 20)
        statistics.countRejection(2)
        statistics.noteFailure(1)
        let first = statistics[0]
        let second = statistics[1]
        let third = statistics[2]
        #expect(first.calls == 0 && first.durations == nil)
        #expect(second.calls == 2 && second.cycles == 30 && second.failures == 2)
        #expect(third.calls == 0 && third.rejections == 1)
    }

    @Test func `durations are kept only while they are asked for`() {
        var statistics = WorkerStatistics(commandCount: 1)
        statistics.count(0, cycles: 7)
        let kept = statistics[0].durations?.counted[7]
        #expect(kept == 1)
        statistics.keepDurations(false)
        statistics.count(0, cycles: 7)
        let forgotten = statistics[0].durations == nil
        #expect(forgotten)
        statistics.keepDurations(true)
        statistics.count(0, cycles: 7)
        let again = statistics[0].durations?.counted[7]
        #expect(again == 1)
    }

    @Test func `a reset leaves nothing`() {
        var statistics = WorkerStatistics(commandCount: 1)
        statistics.count(0, cycles: 7)
        statistics.countError("ERR")
        statistics.bytesSent = 5
        statistics.reset()
        let command = statistics[0]
        #expect(command.calls == 0 && command.durations == nil)
        let errors = statistics.errorCount
        let bytes = statistics.bytesSent
        #expect(errors == 0 && bytes == 0)
    }

    @Test func `only so many error codes are told apart`() {
        var statistics = WorkerStatistics(commandCount: 1)
        for number in 0..<200 { statistics.countError("E\(number)") }
        let codes = statistics.errorsByCode.count
        let errors = statistics.errorCount
        #expect(codes == WorkerStatistics.errorCodesMax && errors == 200)
    }
}
