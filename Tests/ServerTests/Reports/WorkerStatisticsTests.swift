import Testing

@testable import Server

@Suite struct WorkerStatisticsTests {
    @Test func `calls, failures and rejections are counted by command`() {
        let statistics = WorkerStatistics(commandCount: 3)
        statistics.count(1, cycles: 10)
        statistics.countFailure(1, cycles: 20)
        statistics.countRejection(2)
        statistics.noteFailure(1)
        let (first, second, third) = (statistics[0], statistics[1], statistics[2])
        let durations = statistics.durations(of: 0)
        #expect(first == CommandCounts() && durations == nil)
        #expect(second == CommandCounts(calls: 2, cycles: 30, failures: 2, rejections: 0))
        #expect(third == CommandCounts(rejections: 1))
    }

    @Test func `every name has a counter of its own`() {
        let statistics = WorkerStatistics(commandCount: 0)
        for which in WorkerCount.allCases { statistics.add(which, UInt64(which.rawValue) + 7) }
        for which in WorkerCount.allCases {
            let count = statistics[which]
            #expect(count == UInt64(which.rawValue) + 7)
        }
        statistics.subtract(.commandsRun)
        let less = statistics[.commandsRun]
        #expect(less == 6)
    }

    @Test func `durations are kept only while they are enabled`() {
        let statistics = WorkerStatistics(commandCount: 1)
        statistics.count(0, cycles: 7)
        statistics.keepDurations(false)
        statistics.count(0, cycles: 7)
        let stayed = statistics.durations(of: 0)
        #expect(stayed?[7] == 1)
        statistics.keepDurations(true)
        statistics.count(0, cycles: 7)
        let again = statistics.durations(of: 0)
        #expect(again?[7] == 2)
    }

    @Test func `no durations are kept if never enabled`() {
        let statistics = WorkerStatistics(commandCount: 1)
        statistics.keepDurations(false)
        statistics.count(0, cycles: 7)
        let durations = statistics.durations(of: 0)
        #expect(durations == nil)
    }

    @Test func `only a limited number of error codes is distinguished`() {
        let statistics = WorkerStatistics(commandCount: 1)
        for number in 0..<200 { statistics.countError("E\(number)") }
        let codes = statistics.errorsByCode.count
        let errors = statistics[.errorReplies]
        #expect(codes == WorkerStatistics.errorCodesMax && errors == 200)
    }

    @Test func `the count since a reset is a difference and never negative`() {
        let earlier = CommandCounts(calls: 2, cycles: 10, failures: 1, rejections: 0)
        let later = CommandCounts(calls: 5, cycles: 30, failures: 1, rejections: 4)
        #expect(later.since(earlier) == CommandCounts(calls: 3, cycles: 20, rejections: 4))
        #expect(earlier.since(later) == CommandCounts())
    }
}
