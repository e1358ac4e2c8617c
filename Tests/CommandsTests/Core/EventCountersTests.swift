import Commands
import Testing

@Suite struct EventCountersTests {
    @Test func `every event has a counter of its own`() {
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

    @Test func `those of memcached have theirs`() {
        let statistics = MemcachedStatistics()
        for which in MemcachedCount.allCases { statistics.add(which, UInt64(which.rawValue)) }
        for which in MemcachedCount.allCases {
            let count = statistics[which]
            #expect(count == UInt64(which.rawValue))
        }
    }
}
