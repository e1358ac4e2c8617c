import Primitives
import Structures
import Testing

@testable import Store

@Suite struct HashValueTests {
    /// The hashes of a shard, and a simple model of them.
    private final class Pair {
        let shard = Shard()
        var limits = EncodingLimits()
        var now = Clock.unixMilliseconds()
        var random: FastRandom
        /// The value (nil for null) and expiry of each field, by key.
        var model: [String: [String: (value: String?, expiry: Int64?)]] = [:]

        init(seed: Int, entries: Int = 32, bytes: Int = 40) {
            random = FastRandom(seed: UInt64(seed))
            limits.hashPackEntriesMax = entries
            limits.hashPackValueMax = bytes
        }

        deinit { shard.destroy() }

        func key<Result>(_ name: String, _ body: (Key) -> Result) -> Result {
            Array(name.utf8).withBytes { body(Key($0, shard.hash($0))) }
        }

        func hash(_ key: String) -> HashValue? {
            self.key(key) { shard.find($0, now: now).map(HashValue.init) }
        }

        func set(_ key: String, _ field: String, _ value: String?, _ life: HashValue.Lifetime) {
            let hash = hash(key) ?? self.key(key) { HashValue.create($0, pairBytes: 8, in: shard) }
            let old = live(key)[field]
            let isNew = Array(field.utf8).withBytes { name in
                Array((value ?? "").utf8).withBytes {
                    let content = value == nil ? nil : StringContent(encoding: $0)
                    return hash.set(name, content, life, limits, now: now)
                }
            }
            #expect(isNew == (old == nil))
            model[key, default: [:]][field] = (value, life.expiry(after: old?.expiry))
        }

        func remove(_ key: String, _ field: String) {
            guard let hash = hash(key) else { return }
            let isThere = Array(field.utf8).withBytes { hash.remove($0, now: now) }
            #expect(isThere == (live(key)[field] != nil))
            if isThere { model[key]?[field] = nil }
            hash.removeIfEmpty()
        }

        func setExpiry(_ key: String, _ field: String, _ expiry: Int64?) {
            guard let hash = hash(key) else { return }
            let isThere = Array(field.utf8).withBytes { hash.setExpiry($0, expiry, now: now) }
            #expect(isThere == (live(key)[field] != nil))
            if isThere { model[key]?[field]?.expiry = expiry }
        }

        func live(_ key: String) -> [String: (value: String?, expiry: Int64?)] {
            (model[key] ?? [:]).filter { $0.value.expiry.map { $0 > now } ?? true }
        }

        /// Removes expired fields, in slices.
        func expire() {
            var slices = 0
            var budget = 0
            repeat {
                budget = random.below(20) + 1
                slices += 1
            } while shard.expireDue(now: now, budget: &budget) && slices < 100_000
            for key in model.keys {
                model[key] = live(key)
                if model[key]?.isEmpty ?? false { model[key] = nil }
            }
            #expect(shard.count == model.count)
        }

        func expectEqual() {
            var volatile = 0
            for (key, fields) in model {
                guard let hash = hash(key) else {
                    #expect(live(key).isEmpty)
                    continue
                }
                if hash.earliestExpiry != nil { volatile += 1 }
                let live = live(key)
                #expect(hash.liveCount(now: now) == live.count)
                #expect(hash.count >= live.count)
                var seen: [String: String?] = [:]
                hash.forEach(now: now) { name, value in
                    seen[name.withBytes { $0.string }] = .some(value?.withBytes { $0.string })
                    return true
                }
                #expect(seen == live.mapValues(\.value))
                for (field, wanted) in live {
                    let found = Array(field.utf8).withBytes { hash.find($0, now: now) }
                    #expect(found?.expiry == wanted.expiry)
                    #expect((found?.content == nil) == (wanted.value == nil))
                    #expect(found?.content?.withBytes { $0.string } == wanted.value)
                }
                expectValid(hash, fields.count)
            }
            #expect(shard.volatileHashCount == volatile)
        }

        private func expectValid(_ hash: HashValue, _ count: Int) {
            #expect(hash.count <= count)
            if hash.encoding == .table {
                let isValid = hash.table.isValid(shard.arena)
                #expect(isValid)
            } else {
                #expect(hash.pack.isValid)
                #expect(hash.count <= limits.hashPackEntriesMax)
            }
        }

        func randomValue() -> String? {
            switch random.below(7) {
            case 6: nil
            case 0: "\(random.below(1000))"
            case 1: String(repeating: "v", count: random.below(45))
            case 2 where random.below(30) == 0: String(repeating: "w", count: 9000)
            default: "value \(random.below(1000))"
            }
        }
    }

    @Test(arguments: 1...4)
    func `random steps keep the hashes equal to the model`(seed: Int) {
        let pair = Pair(seed: seed)
        for step in 0..<25_000 {
            let key = "h\(pair.random.below(6))"
            let field = "f\(pair.random.below(seed % 2 == 0 ? 24 : 80))"
            let moment = pair.now + Int64(pair.random.below(4000) + 1)
            switch pair.random.below(12) {
            case 0...3: pair.set(key, field, pair.randomValue(), .stays)
            case 4: pair.set(key, field, pair.randomValue(), .until(moment))
            case 5: pair.set(key, field, pair.randomValue(), .kept)
            case 6...7: pair.remove(key, field)
            case 8: pair.setExpiry(key, field, moment)
            case 9: pair.setExpiry(key, field, nil)
            case 10 where pair.random.below(40) == 0: copy(key, pair)
            case 11 where pair.random.below(40) == 0: drop(key, pair)
            default: pair.now += Int64(pair.random.below(30))
            }
            if step % 100 == 0 { pair.expire() }
            if step % 250 == 0 { pair.expectEqual() }
        }
        pair.expire()
        pair.expectEqual()
        for key in pair.model.keys { drop(key, pair) }
        pair.model = [:]
        var budget = Int.max
        _ = pair.shard.freeSome(budget: &budget)
        #expect(pair.shard.count == 0)
        #expect(pair.shard.volatileHashCount == 0)
        #expect(pair.shard.externalBytes == 0)
    }

    private func drop(_ key: String, _ pair: Pair) {
        guard let hash = pair.hash(key) else { return }
        pair.shard.remove(hash.slot)
        pair.model[key] = nil
    }

    /// Copies or renames a hash, within the shard or through another one.
    private func copy(_ key: String, _ pair: Pair) {
        guard let source = pair.hash(key) else { return }
        let name = "copy \(pair.random.below(3))"
        let (way, fields) = (pair.random.below(3), pair.model[key])
        if pair.hash(name) != nil { drop(name, pair) }
        pair.key(name) { target in
            guard let source = pair.hash(key) else { return }
            switch way {
            case 0: pair.shard.insertCopy(of: source.slot, as: target, expiry: nil)
            case 1: pair.shard.insertMoved(source.slot, as: target, expiry: nil)
            default:
                let other = Shard()
                Array(name.utf8).withBytes {
                    let there = Key($0, other.hash($0))
                    other.insertCopy(of: source.slot, as: there, expiry: nil)
                    #expect(other.volatileHashCount == (source.earliestExpiry == nil ? 0 : 1))
                    guard let slot = other.find(there) else { return }
                    pair.shard.insertCopy(of: slot, as: target, expiry: nil)
                }
                other.destroy()
            }
        }
        pair.model[name] = fields
        if way == 1 { pair.model[key] = nil }
        _ = source
    }

    @Test(arguments: [31, 32, 33])
    func `a pack becomes a table beyond its entries`(fields: Int) {
        let pair = Pair(seed: 1)
        for number in 0..<fields { pair.set("h", "f\(number)", "v", .stays) }
        #expect(pair.hash("h")?.encoding == (fields > 32 ? .table : .pack))
        for number in 0..<fields { pair.setExpiry("h", "f\(number)", pair.now + 1000) }
        #expect(pair.hash("h")?.encoding == (fields > 32 ? .table : .volatilePack))
        pair.expectEqual()
        pair.now += 1000
        pair.expectEqual()
        pair.expire()
        #expect(pair.shard.count == 0)
        #expect(pair.shard.volatileHashCount == 0)
    }

    @Test(arguments: [40, 41])
    func `a pack becomes a table beyond its bytes`(bytes: Int) {
        let long = String(repeating: "x", count: bytes)
        for asName in [false, true] {
            let pair = Pair(seed: 1)
            pair.set("h", asName ? long : "f", asName ? "v" : long, .stays)
            #expect(pair.hash("h")?.encoding == (bytes > 40 ? .table : .pack))
            pair.expectEqual()
        }
    }

    @Test func `many expired fields are removed in slices, but hidden from readers at once`() {
        let pair = Pair(seed: 7, entries: 0)
        for number in 0..<4_000 {
            pair.set("h", "f\(number)", "v", .until(pair.now + 100 + Int64(number % 3)))
        }
        pair.set("h", "stays", "v", .stays)
        pair.now += 102
        pair.expectEqual()
        var removed = 0
        var budget = 256
        var fields = 0
        while pair.shard.expireDue(now: pair.now, budget: &budget, &fields) {
            budget = 256
            removed += 1
        }
        #expect(removed >= 4_000 / 256)
        #expect(pair.hash("h")?.count == 1)
        #expect(fields == 4_000)
        #expect(pair.shard.volatileHashCount == 0)
    }

    @Test func `every place is drawn and identifies its field`() {
        for entries in [0, 64] {
            let pair = Pair(seed: 3, entries: entries)
            for number in 0..<40 { pair.set("h", "f\(number)", "\(number)", .stays) }
            for number in 0..<10 { pair.setExpiry("h", "f\(number)", pair.now + 5) }
            pair.now += 5
            guard let hash = pair.hash("h") else { return }
            let places = hash.places(now: pair.now)
            #expect(places.count == 30)
            var seen: Set<String> = []
            for place in places {
                let field = hash.field(at: place)
                seen.insert(field.name.withBytes { $0.string })
                let (name, value) = (field.name, field.value)
                let digits = value?.withBytes { $0.string }
                #expect(name.withBytes { $0.string } == "f" + (digits ?? "null"))
            }
            #expect(seen.count == 30)
            var drawn: Set<Int> = []
            for _ in 0..<2000 { drawn.insert(hash.randomPlace(&pair.random) ?? -1) }
            #expect(drawn.count == 40)
        }
    }
}
