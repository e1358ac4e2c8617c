import Primitives
import Testing

@testable import Structures

@Suite struct AccessClockTests {
    @Test func `by time, a used key and a new key get the same stamp`() {
        var random = FastRandom(seed: 1)
        var clock = AccessClock()
        clock.advance(to: 123_456)
        let old = AccessStamp(idleSeconds: 500, at: 123_456)
        #expect(clock.idleSeconds(old) == 500)
        #expect(clock.used(old, &random) == clock.fresh)
        #expect(clock.idleSeconds(clock.fresh) == 0 && clock.frequency(old) == 0)
        #expect(!clock.countsUses)
    }

    @Test(arguments: [(decayMinutes: 1, lost: 30), (10, 3), (0, 0), (1000, 0)])
    func `by count, a stamp loses one per lfu-decay-time`(decayMinutes: Int, lost: UInt8) {
        var random = FastRandom(seed: 1)
        var clock = AccessClock()
        clock.measure(by: .count(factor: 0, decayMinutes: decayMinutes))
        clock.advance(to: 600_000)
        var stamp = clock.fresh
        #expect(clock.frequency(stamp) == 5)
        for _ in 0..<45 { stamp = clock.used(stamp, &random) }
        clock.advance(to: 600_000 + 30 * 60)
        #expect(clock.frequency(stamp) == 50 - lost)
        let aged = clock.aged(stamp)
        #expect(clock.frequency(aged) == 50 - lost)
        #expect(clock.idleSeconds(stamp) == 0)
    }

    @Test func `counters aged every hour decay for days without wrapping`() {
        var clock = AccessClock()
        clock.measure(by: .count(factor: 10, decayMinutes: 1))
        var stamp = AccessStamp(counter: 255, period: 0)
        for hour in 1...72 {
            clock.advance(to: Int64(hour) * 3600)
            #expect(Int(clock.frequency(stamp)) == max(0, 255 - hour * 60))
            stamp = clock.aged(stamp)
        }
    }

    @Test func `a change of the measure tells whether old stamps can still be read`() {
        let time = AccessClock.Measure.time
        let count = AccessClock.Measure.count(factor: 10, decayMinutes: 1)
        #expect(!time.readsOtherwise(than: time))
        #expect(time.readsOtherwise(than: count) && count.readsOtherwise(than: time))
        #expect(!count.readsOtherwise(than: .count(factor: 1, decayMinutes: 1)))
        #expect(count.readsOtherwise(than: .count(factor: 10, decayMinutes: 2)))
    }
}
