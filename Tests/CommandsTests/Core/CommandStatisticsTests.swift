import Commands
import Testing

@Suite struct CommandStatisticsTests {
    @Test func `every name has a counter of its own`() {
        let statistics = CommandStatistics()
        for which in CommandCount.allCases {
            statistics.add(which)
            statistics.add(which, UInt64(which.rawValue))
        }
        for which in CommandCount.allCases {
            let count = statistics[which]
            #expect(count == UInt64(which.rawValue) + 1)
        }
    }
}
