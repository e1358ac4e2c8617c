import Primitives
import Structures
import Testing

@testable import Store

/// Compares the keyspace of a shard with a dictionary.
@Suite struct ShardTests {
    /// A shard and its expected contents.
    private struct Subject {
        struct Value: Equatable {
            var bytes: [UInt8]
            var expiry: Int64?
        }

        let shard = Shard()
        var model: [String: Value] = [:]
        /// Keys that the current scan has yet to return, and its cursor.
        var unmet: Set<String> = []
        var cursor: UInt64 = 0

        func withKey<Result>(_ name: String, _ body: (Key) -> Result) -> Result {
            Array(name.utf8).withBytes { body(Key($0, shard.hash($0))) }
        }

        /// The key's slot, checked against the model at `now`.
        mutating func find(_ name: String, _ now: Int64) -> Shard.Slot? {
            if let expiry = model[name]?.expiry, expiry <= now { forget(name) }
            let slot = withKey(name) { shard.find($0, now: now) }
            #expect((slot != nil) == (model[name] != nil))
            if let slot, let value = model[name] {
                let bytes = StringValue.withBytes(slot.entry) { $0.array }
                #expect(bytes == value.bytes && slot.entry.expiry == value.expiry)
            }
            return slot
        }

        mutating func forget(_ name: String) {
            model[name] = nil
            unmet.remove(name)
        }

        mutating func set(_ name: String, _ bytes: [UInt8], _ expiry: Int64?, _ now: Int64) {
            let slot = find(name, now)
            withKey(name) { key in
                bytes.withBytes {
                    _ = StringValue.set(
                        key,
                        StringContent(encoding: $0),
                        expiry: expiry,
                        at: slot,
                        in: shard
                    )
                }
            }
            model[name] = Value(bytes: bytes, expiry: expiry)
        }

        mutating func remove(_ name: String, _ now: Int64) {
            guard let slot = find(name, now) else { return }
            shard.remove(slot)
            forget(name)
        }

        mutating func setExpiry(_ name: String, _ expiry: Int64?, _ now: Int64) {
            guard let slot = find(name, now) else { return }
            shard.setExpiry(slot, expiry)
            model[name]?.expiry = expiry
        }

        /// Takes a step of a scan; starts another scan when the last one has ended.
        mutating func scan() {
            if cursor == 0 { unmet = Set(model.filter { $0.value.expiry == nil }.keys) }
            var met: [String] = []
            cursor = shard.scan(cursor) { met.append($0.entry.key.string) }
            unmet.subtract(met)
            if cursor == 0 { #expect(unmet.isEmpty) }
        }

        /// Removes expired keys, in slices of `budget`.
        mutating func expireDue(_ now: Int64, budget: Int) {
            while true {
                var left = budget
                guard shard.expireDue(now: now, budget: &left) else { break }
            }
            for (name, value) in model {
                if let expiry = value.expiry, expiry <= now { forget(name) }
            }
            #expect(shard.count == model.count)
            #expect(shard.volatileCount == model.values.count { $0.expiry != nil })
        }
    }

    private static func value(_ random: inout FastRandom) -> [UInt8] {
        let count: Int
        switch random.below(40) {
        case 0: count = 8190 + random.below(5)
        case 1: count = 126 + random.below(4)
        case 2: count = random.below(3000)
        case 3...10: return Array(String(random.below(1 << 40)).utf8)
        default: count = random.below(50)
        }
        return [UInt8](repeating: UInt8(random.below(256)), count: count)
    }

    private static func move(
        _ source: inout Subject,
        _ target: inout Subject,
        _ from: String,
        _ to: String,
        _ now: Int64,
        copies: Bool
    ) {
        guard source.find(from, now) != nil, let value = source.model[from] else { return }
        target.remove(to, now)
        guard let slot = source.find(from, now) else { return }
        target.withKey(to) {
            if copies {
                target.shard.insertCopy(of: slot, as: $0, expiry: value.expiry)
            } else {
                target.shard.insertMoved(slot, as: $0, expiry: value.expiry)
            }
        }
        target.model[to] = value
        if !copies { source.forget(from) }
    }

    @Test(arguments: [1, 2])
    func `random steps keep the keyspace equal to the model`(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var now = Clock.unixMilliseconds()
        var subject = Subject()
        var other = Subject()
        for step in 0..<50_000 {
            // Grows and shrinks three times, so that buckets split and merge during scans.
            let grows = step / 8_000 % 2 == 0
            let name = "key:\(random.below(grows ? 3000 : 800))"
            let expiry = random.below(3) == 0 ? now + Int64(1 + random.below(4000)) : nil
            switch random.below(20) {
            case 0..<(grows ? 11 : 3):
                subject.set(name, ShardTests.value(&random), expiry, now)
            case ..<13: subject.remove(grows ? name : "key:\(random.below(3000))", now)
            case 13: subject.setExpiry(name, expiry, now)
            case 14: subject.scan()
            case 15:
                let to = "key:\(random.below(3000))"
                guard to != name else { continue }
                ShardTests.within(&subject, name, to, now, copies: random.below(2) == 0)
            case 16:
                ShardTests.move(
                    &subject,
                    &other,
                    name,
                    "o:\(random.below(200))",
                    now,
                    copies: random.below(2) == 0
                )
            case 17: now += Int64(random.below(30))
            default: _ = subject.find(name, now)
            }
            if step % 500 == 0 { subject.expireDue(now, budget: 1 + random.below(40)) }
            if step % 5000 == 4999 {
                #expect(subject.shard.isValid)
                #expect(other.shard.isValid)
            }
        }
        for name in other.model.keys { _ = other.find(name, now) }
        subject.expireDue(now + 10_000, budget: 64)
        #expect(subject.shard.volatileCount == 0 && subject.shard.isValid)
        subject.shard.destroy()
        other.shard.destroy()
    }

    /// Renames or copies within a shard.
    private static func within(
        _ subject: inout Subject,
        _ from: String,
        _ to: String,
        _ now: Int64,
        copies: Bool
    ) {
        guard subject.find(from, now) != nil, let value = subject.model[from] else { return }
        subject.remove(to, now)
        guard let slot = subject.find(from, now) else { return }
        subject.withKey(to) {
            if copies {
                subject.shard.insertCopy(of: slot, as: $0, expiry: value.expiry)
            } else {
                subject.shard.insertMoved(slot, as: $0, expiry: value.expiry)
            }
        }
        subject.model[to] = value
        if !copies { subject.forget(from) }
    }

    @Test func `an expired key is never found, and is removed within the budget`() {
        var subject = Subject()
        let now = Clock.unixMilliseconds()
        for number in 0..<1000 {
            subject.set("k:\(number)", [1], number % 2 == 0 ? now + 100 : nil, now)
        }
        #expect(subject.shard.volatileCount == 500)
        for number in 0..<10 { _ = subject.find("k:\(number)", now + 100) }
        #expect(subject.shard.volatileCount == 495)
        var budget = 100
        let isMore = subject.shard.expireDue(now: now + 100, budget: &budget)
        // Visiting a bucket whose hint was too early counts as well; how often that happens depends
        // on the process's hash seed.
        let left = subject.shard.volatileCount
        #expect(isMore && budget <= 0 && (395..<480).contains(left))
        subject.expireDue(now + 200, budget: 1000)
        #expect(subject.shard.count == 500 && subject.shard.earliestExpiry == nil)
        #expect(subject.shard.isValid)
        subject.shard.destroy()
    }
}
