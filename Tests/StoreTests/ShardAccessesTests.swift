import Primitives
import Structures
import Testing

@testable import Store

/// The access stamps of a shard's keys, and the walk that ages them.
@Suite struct ShardAccessesTests {
    private final class Subject {
        let fresh = SharedStamp()
        let shard: Shard
        var clock = AccessClock()

        init(at second: Int64) {
            shard = Shard(freshStamp: fresh)
            advance(to: second)
        }

        deinit { shard.destroy() }

        func advance(to second: Int64) {
            clock.advance(to: second)
            fresh.stamp = clock.fresh
        }

        func measure(by measure: AccessClock.Measure) {
            clock.measure(by: measure)
            fresh.stamp = clock.fresh
        }

        func withKey<Result>(_ name: String, _ body: (Key) -> Result) -> Result {
            Array(name.utf8).withBytes { body(Key($0, shard.hash($0))) }
        }

        func set(_ name: String) {
            withKey(name) {
                _ = StringValue.set($0, .integer(1), expiry: nil, at: nil, in: shard)
            }
        }

        func stamp(_ name: String) -> AccessStamp? {
            withKey(name) { shard.find($0, now: 0).map { shard.stamp($0) } }
        }

        func idle(_ name: String) -> Int64? { stamp(name).map { clock.idleSeconds($0) } }

        /// Walks `runs` runs of buckets per call until nothing is left; returns the count of calls.
        func walk(runs: Int) -> Int {
            var calls = 0
            while true {
                var budget = runs
                shard.ageStamps(clock, budget: &budget)
                calls += 1
                if budget > 0 { return calls }
            }
        }
    }

    @Test func `a new key has the current shared stamp`() {
        let subject = Subject(at: 1000)
        subject.set("a")
        subject.advance(to: 1007)
        subject.set("b")
        #expect(subject.idle("a") == 7 && subject.idle("b") == 0)
    }

    @Test func `the walk keeps idle times readable for days`() {
        let subject = Subject(at: 5_000_000)
        for number in 0..<3000 {
            if number % 100 == 0 { subject.advance(to: 5_000_000 + Int64(number)) }
            subject.set("key:\(number)")
        }
        var second: Int64 = 5_003_000
        while second < 5_000_000 + 3 * 86_400 {
            second += 1800
            subject.advance(to: second)
            #expect(subject.walk(runs: 2) > 3)
        }
        for number in 0..<3000 {
            let idle = second - 5_000_000 - Int64(number / 100 * 100)
            #expect(subject.idle("key:\(number)").map { abs($0 - idle) <= 300 } == true)
        }
    }

    @Test func `a walk starts at most every half hour`() {
        let subject = Subject(at: 100_000)
        for number in 0..<3000 { subject.set("key:\(number)") }
        #expect(subject.walk(runs: 1) > 5)
        #expect(subject.walk(runs: 1) == 1)
        subject.advance(to: 101_799)
        #expect(subject.walk(runs: 1) == 1)
        subject.advance(to: 101_800)
        #expect(subject.walk(runs: 1) > 5)
    }

    @Test func `a change of the measure resets all stamps`() {
        let subject = Subject(at: 100_000)
        for number in 0..<3000 { subject.set("key:\(number)") }
        _ = subject.walk(runs: 100)
        subject.advance(to: 100_600)
        subject.measure(by: .count(factor: 10, decayMinutes: 1))
        var budget = 3
        subject.shard.renewStamps(subject.clock, budget: &budget)
        // Stamps of keys used before the walk is complete may be refreshed after that.
        #expect(budget == 0 && subject.walk(runs: 2) > 1)
        for number in 0..<3000 {
            let stamp = subject.stamp("key:\(number)")
            #expect(stamp.map { subject.clock.frequency($0) } == 5)
        }
    }

    @Test func `stamps made after a change of the measure are left alone`() {
        let subject = Subject(at: 100_000)
        subject.measure(by: .count(factor: 0, decayMinutes: 1))
        var budget = 10
        subject.shard.renewStamps(subject.clock, budget: &budget)
        subject.set("a")
        subject.withKey("a") { key in
            guard let slot = subject.shard.find(key, now: 0) else { return }
            subject.shard.setStamp(slot, AccessStamp(counter: 9, period: 0))
        }
        _ = subject.walk(runs: 10)
        #expect(subject.stamp("a") == subject.clock.aged(AccessStamp(counter: 9, period: 0)))
    }

    @Test func `a moved key keeps its stamp`() {
        let subject = Subject(at: 1000)
        let other = Shard(freshStamp: subject.fresh)
        defer { other.destroy() }
        subject.set("a")
        subject.set("c")
        subject.advance(to: 1100)
        subject.withKey("b") { target in
            let source = subject.withKey("a") { subject.shard.find($0, now: 0) }
            if let source { subject.shard.insertMoved(source, as: target, expiry: nil) }
        }
        #expect(subject.idle("a") == nil && subject.idle("b") == 100)
        let idle = subject.withKey("c") { key in
            if let source = subject.shard.find(key, now: 0) {
                other.insertMoved(source, as: key, expiry: nil)
            }
            return other.find(key, now: 0).map { subject.clock.idleSeconds(other.stamp($0)) }
        }
        #expect(idle == 100 && subject.idle("c") == nil)
    }
}
