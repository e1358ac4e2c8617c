import Primitives
import Testing

@testable import Server

@Suite struct SaveDelayTests {
    private func milliseconds(_ body: () -> Void) -> Int64 {
        let begin = Clock.monotonicNanoseconds()
        body()
        return (Clock.monotonicNanoseconds() - begin) / 1_000_000
    }

    @Test func `without a delay nothing is asked`() {
        var asked = 0
        SaveDelay().pause(keys: 5) {
            asked += 1
            return false
        }
        #expect(asked == 1)
    }

    @Test func `each key takes its time`() {
        let delay = SaveDelay()
        delay.set(microseconds: 2000)
        #expect(milliseconds { delay.pause(keys: 10) { false } } >= 20)
    }

    @Test func `a pause ends when it is over or the delay changes`() {
        let delay = SaveDelay()
        delay.set(microseconds: 3_600_000_000)
        var asked = 0
        delay.pause(keys: 1000) {
            asked += 1
            return asked > 2
        }
        #expect(asked == 3 || asked == 4)
        asked = 0
        delay.pause(keys: 1000) {
            asked += 1
            if asked == 3 { delay.set(microseconds: 0) }
            return false
        }
        #expect(asked < 6)
    }
}
