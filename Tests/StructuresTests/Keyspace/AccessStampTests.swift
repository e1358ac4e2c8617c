import Primitives
import Testing

@testable import Structures

@Suite struct AccessStampTests {
    // MARK: By time

    @Test(arguments: [0, 1, 49_151, 49_152, 49_153, 1 << 31, 1 << 40, -1, -100_000] as [Int64])
    func `a time is exact to the second for half a day`(used: Int64) {
        let stamp = AccessStamp(idleSeconds: 0, at: used)
        for idle in [0, 1, 2, 59, 3600, 43_199, 43_200, 46_800] as [Int64] {
            #expect(stamp.idleSeconds(at: used + idle) == idle)
            #expect(
                AccessStamp(idleSeconds: idle, at: used + idle).idleSeconds(at: used + idle)
                    .distance(to: idle).magnitude <= (idle > 43_200 ? 300 : 0)
            )
        }
    }

    @Test func `stamps a little ahead count as now`() {
        let stamp = AccessStamp(idleSeconds: 0, at: 100_000)
        for ahead in [1, 2, 1000] as [Int64] {
            #expect(stamp.idleSeconds(at: 100_000 - ahead) == 0)
        }
        #expect(stamp.aged(at: 99_000) == stamp)
    }

    @Test func `an old time is exact to five minutes, and the oldest stops aging`() {
        let longest: Int64 = 16_000 * 600
        var random = FastRandom(seed: 5)
        for _ in 0..<10_000 {
            let second = Int64(random.below(1 << 30))
            let idle = 43_201 + Int64(random.below(20_000_000))
            let told = AccessStamp(idleSeconds: idle, at: second).idleSeconds(at: second)
            #expect(abs(told - min(idle, longest)) <= 300)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `stamps aged every hour never wrap`(seed: UInt64) {
        var random = FastRandom(seed: seed)
        let start = Int64(random.below(1 << 32))
        var stamp = AccessStamp(idleSeconds: 0, at: start)
        var second = start
        // Half a year, with an access every 30 to 60 minutes.
        while second - start < 183 * 86_400 {
            second += 1800 + Int64(random.below(1801))
            let idle = second - start
            let told = stamp.idleSeconds(at: second)
            if idle <= 43_200 {
                #expect(told == idle)
            } else {
                let aged = min(idle, 16_000 * 600)
                #expect(told >= aged - 600 && told <= aged + 4200)
            }
            stamp = stamp.aged(at: second)
            let after = stamp.idleSeconds(at: second)
            #expect(abs(after - told) <= 300 || after >= 16_000 * 600 - 600)
        }
        let oldest = stamp.idleSeconds(at: second)
        #expect((9_599_000...9_604_000).contains(oldest))
    }

    @Test func `aging rewrites only what is old`() {
        let used = AccessStamp(idleSeconds: 0, at: 1_000_000)
        #expect(used.aged(at: 1_043_200) == used)
        let old = used.aged(at: 1_043_201)
        #expect(old != used && old.bits >= 49_152)
        #expect(old.aged(at: 1_043_201 + 86_400) == old)
    }

    // MARK: By count

    @Test func `a counter loses one per period and never wraps`() {
        let stamp = AccessStamp(counter: 10, period: 250)
        #expect(stamp.counter(in: 250) == 10)
        #expect(stamp.counter(in: 252) == 8)
        #expect(stamp.counter(in: 3) == 1)
        #expect(stamp.counter(in: 4) == 0)
        #expect(stamp.counter(in: 100) == 0)
        // Another thread was one period ahead.
        #expect(stamp.counter(in: 249) == 10)
    }

    @Test func `without a factor, every use counts, up to 255`() {
        var random = FastRandom(seed: 1)
        var stamp = AccessStamp(counter: 5, period: 0)
        for use in 1...300 {
            stamp = stamp.counted(in: 0, factor: 0, &random)
            #expect(stamp.counter(in: 0) == UInt8(min(5 + use, 255)))
        }
    }

    @Test func `a use counts after any decay that is due`() {
        var random = FastRandom(seed: 1)
        let stamp = AccessStamp(counter: 30, period: 7).counted(in: 17, factor: 0, &random)
        #expect(stamp == AccessStamp(counter: 21, period: 17))
        let worn = AccessStamp(counter: 3, period: 7).counted(in: 17, factor: 10, &random)
        #expect(worn == AccessStamp(counter: 1, period: 17))
    }

    /// The table in Redis's documentation: the counter after so many hits, by lfu-log-factor.
    ///
    /// Its figures are from single runs, so values near the mean of many runs are good enough.
    @Test(arguments: [
        (factor: 0, uses: 100, counter: 104), (0, 1000, 255), (1, 100, 18), (1, 1000, 49),
        (10, 100, 10), (10, 1000, 18), (10, 100_000, 142), (100, 100, 8), (100, 1000, 11),
        (100, 100_000, 49),
    ])
    func `counters grow as documented`(factor: Int, uses: Int, counter: Int) {
        var random = FastRandom(seed: 9)
        let runs = uses > 1000 ? 1 : 20
        var sum = 0
        for _ in 0..<runs {
            var stamp = AccessStamp(counter: 5, period: 0)
            for _ in 0..<uses { stamp = stamp.counted(in: 0, factor: factor, &random) }
            sum += Int(stamp.counter(in: 0))
        }
        let mean = Double(sum) / Double(runs)
        #expect(abs(mean - Double(counter)) <= 2 + 0.06 * Double(counter))
    }

    @Test func `a factor of any size does not overflow`() {
        var random = FastRandom(seed: 1)
        let stamp = AccessStamp(counter: 200, period: 0)
        #expect(stamp.counted(in: 0, factor: .max, &random) == stamp)
    }
}
