import Testing

@testable import Server

@Suite struct LatencyCommandsTests {
    /// The steps of calls with these durations in nanoseconds, at one cycle per nanosecond.
    private func steps(_ durations: [Int]) -> DurationSteps {
        var counts = [UInt64](repeating: 0, count: DurationHistogram.bucketCount)
        for duration in durations { counts[DurationHistogram.bucket(UInt64(duration))] += 1 }
        return DurationSteps(counts, microsecondsPerCycle: 0.001)
    }

    @Test func `calls are counted in the step that includes them`() {
        let found = steps([0, 500, 1000, 1001, 3000, 3000, 70_000])
        #expect(found.total == 7)
        #expect(found.steps.map(\.microseconds) == [1, 4, 132])
        #expect(found.steps.map(\.calls) == [4, 6, 7])
    }

    @Test func `steps are named as Redis names them`() {
        // Powers of two nanoseconds plus 1/128.
        let found = steps((10..<30).map { 1 << $0 - 1 << ($0 - 3) })
        let names = [1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056]
        #expect(Array(found.steps.map(\.microseconds).prefix(11)) == names)
        #expect(found.steps.map(\.calls) == Array(1...20))
    }

    @Test func `without calls there is no step`() {
        #expect(steps([]).total == 0)
        #expect(steps([]).steps.isEmpty)
    }
}
