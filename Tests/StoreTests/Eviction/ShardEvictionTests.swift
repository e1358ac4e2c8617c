import Primitives
import Structures
import Testing

@testable import Store

/// Which keys go, and in what order.
@Suite struct ShardEvictionTests {
    private final class Subject {
        let shard = Shard()
        var random = FastRandom(seed: 5)

        init(keepsStates: Bool = true) { shard.keepsStates = keepsStates }

        deinit { shard.destroy() }

        func withKey<Result>(_ number: Int, _ body: (Key) -> Result) -> Result {
            Array("key:\(number)".utf8).withBytes { body(Key($0, shard.hash($0))) }
        }

        func set(_ number: Int, expiry: Int64? = nil) {
            withKey(number) { key in
                let slot = shard.find(key)
                StringValue.set(key, .integer(1), expiry: expiry, at: slot, in: shard)
            }
        }

        func has(_ number: Int) -> Bool { withKey(number) { shard.find($0) != nil } }

        func use(_ number: Int) {
            withKey(number) { key in
                if let slot = shard.find(key) { shard.warm(slot, mayBeHot: true) }
            }
        }

        /// Removes up to `wanted` keys, as the server does; returns their numbers.
        func evict(_ wanted: Int, _ policy: EvictionPolicy) -> [Int] {
            var victims: [EvictionVictim] = []
            shard.chooseVictims(policy, wanted: wanted, &random, &victims)
            return victims.map { victim in
                let key = Key(victim.entry.key, shard.hash(victim.entry.key))
                let number = Int(key.bytes.string.dropFirst(4)) ?? -1
                if victim.wasOnProbation { shard.rememberVictim(key.hash) }
                if let slot = shard.find(key) { shard.remove(slot) }
                return number
            }
        }
    }

    private static let use = EvictionPolicy(.use, isVolatile: false)

    @Test func `a key used often outlives a scan, and most of a scan goes soon`() {
        let subject = Subject()
        for number in 0..<1_000 { subject.set(number) }
        for number in 0..<500 {
            subject.use(number)
            subject.use(number)
        }
        // The unused ones go first.
        var gone: Set<Int> = []
        while gone.count < 100 { gone.formUnion(subject.evict(16, ShardEvictionTests.use)) }
        #expect(gone.allSatisfy { $0 >= 500 })
        for number in 10_000..<20_000 {
            subject.set(number)
            for number in 0..<4 { subject.use(number * 100 + number) }
            _ = subject.evict(1, ShardEvictionTests.use)
        }
        #expect((0..<4).allSatisfy { subject.has($0 * 100 + $0) })
        let kept = (0..<500).count { subject.has($0) }
        #expect(kept > 350, "\(kept) of 500 used keys are left")
        #expect(subject.shard.isValid)
    }

    @Test func `what comes back soon is no longer on probation`() {
        let subject = Subject()
        for number in 0..<2_000 { subject.set(number) }
        var wentOnProbation: [Int] = []
        for number in 2_000..<3_500 {
            subject.set(number)
            wentOnProbation += subject.evict(1, ShardEvictionTests.use).filter { $0 >= 2_000 }
        }
        #expect(wentOnProbation.count > 500)
        let back = wentOnProbation.suffix(100)
        for number in back { subject.set(number) }
        let warm = back.count { number in
            subject.withKey(number) { key in
                subject.shard.find(key).map { subject.shard.keys.state($0.location) } == .warm
            }
        }
        #expect(warm > 60)
    }

    @Test func `the ring is bounded while nothing has to go`() {
        let subject = Subject()
        for number in 0..<1_000 { subject.set(number) }
        _ = subject.evict(1, ShardEvictionTests.use)
        let before = subject.shard.usedBytes
        for number in 1_000..<20_000 { subject.set(number) }
        var entries = 0
        subject.shard.forEach { slot in entries += slot.entry.byteCount + 8 }
        #expect(subject.shard.usedBytes - before < entries + 20_000 * 14)
    }

    @Test func `every key goes in the end, and none twice`() {
        for policy in [
            ShardEvictionTests.use, EvictionPolicy(.write, isVolatile: false),
            EvictionPolicy(.random, isVolatile: false),
        ] {
            let subject = Subject(keepsStates: policy.usesStates)
            for number in 0..<500 {
                subject.set(number)
                if number % 3 == 0 { subject.use(number) }
            }
            var gone: [Int] = []
            for _ in 0..<5_000 where subject.shard.count > 0 {
                gone += subject.evict(7, policy)
            }
            #expect(gone.count == 500 && Set(gone).count == 500)
            #expect(subject.evict(7, policy).isEmpty)
        }
    }

    @Test func `only keys with an expiry go where the policy says so`() {
        for order in [EvictionPolicy.Order.use, .write, .random, .expiry] {
            let policy = EvictionPolicy(order, isVolatile: true)
            let subject = Subject(keepsStates: policy.usesStates)
            for number in 0..<3_000 {
                let isVolatile = number % 50 == 0
                subject.set(number, expiry: isVolatile ? 1 << 50 + Int64(number) * 1_000 : nil)
            }
            var gone: [Int] = []
            for _ in 0..<500 { gone += subject.evict(4, policy) }
            #expect(gone.count == 60 && gone.allSatisfy { $0 % 50 == 0 }, "\(order)")
            #expect(subject.shard.count == 2_940 && subject.shard.volatileCount == 0)
        }
    }

    @Test func `what expires next goes first`() {
        let policy = EvictionPolicy(.expiry, isVolatile: true)
        let subject = Subject(keepsStates: false)
        let now = Clock.unixMilliseconds()
        for number in 0..<300 { subject.set(number, expiry: now + 60_000 + Int64(number) * 1_000) }
        var gone: [Int] = []
        for _ in 0..<100 { gone += subject.evict(1, policy) }
        #expect(gone == Array(0..<100))
    }

    @Test func `a value at work stays`() {
        let subject = Subject()
        subject.withKey(1) { key in
            _ = HashValue.create(key, pairBytes: 100, in: subject.shard)
            guard let slot = subject.shard.find(key) else { return }
            subject.shard.freeze(slot.entry)
            for _ in 0..<10 { #expect(subject.evict(4, ShardEvictionTests.use).isEmpty) }
            subject.shard.unfreeze(slot.entry)
            var gone: [Int] = []
            for _ in 0..<10 { gone += subject.evict(4, ShardEvictionTests.use) }
            #expect(gone == [1])
        }
    }

    @Test func `states that are no longer kept take no memory`() {
        let subject = Subject()
        for number in 0..<1_000 { subject.set(number) }
        for number in 1_000..<1_500 {
            subject.set(number)
            _ = subject.evict(1, ShardEvictionTests.use)
        }
        let before = subject.shard.usedBytes
        subject.shard.keepsStates = false
        #expect(subject.shard.usedBytes < before)
        for number in 2_000..<3_000 { subject.set(number) }
        #expect(subject.shard.isValid)
        // Those that were on probation then are so by their states, but in no ring.
        subject.shard.keepsStates = true
        _ = subject.evict(1, ShardEvictionTests.use)
        subject.set(9_000)
        for _ in 0..<400 { _ = subject.evict(16, ShardEvictionTests.use) }
        #expect(subject.shard.count == 0)
    }
}
