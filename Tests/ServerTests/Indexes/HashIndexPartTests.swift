import Primitives
import Structures
import Testing

@testable import Commands
@testable import Server
@testable import Store
@testable import Wire

@Suite struct HashIndexPartTests {
    /// A part, the hashes that it indexes, and a simple model of them.
    private final class Rig {
        let shard = Shard()
        let hasher = KeyHasher()
        let part: HashIndexPart
        var random: FastRandom
        var model: [String: [String: String?]] = [:]

        init(seed: Int) {
            part = HashIndexPart(hasher, fields: [], partCount: 1)
            random = FastRandom(seed: UInt64(seed))
        }

        deinit { shard.destroy() }

        func withKey<Result>(_ name: String, _ body: (Key) -> Result) -> Result {
            Array(name.utf8).withBytes { body(Key($0, shard.hash($0))) }
        }

        /// Changes a field, or removes it or the key, and tells the part.
        func change() {
            let key = "k\(random.below(30))"
            let field = "f\(random.below(6))"
            let value: String? = random.below(5) == 0 ? nil : "\(random.below(4))"
            withKey(key) { key in
                let name = key.bytes.string
                switch random.below(8) {
                case 0:
                    if let slot = shard.find(key) { shard.remove(slot) }
                    model[name] = nil
                case 1, 2:
                    guard let hash = shard.find(key).map({ HashValue($0) }) else { break }
                    _ = Array(field.utf8).withBytes { hash.remove($0, now: 0) }
                    model[name]?[field] = nil
                    if hash.removeIfEmpty() { model[name] = nil }
                default:
                    let hash =
                        shard.find(key).map { HashValue($0) }
                        ?? HashValue.create(key, pairBytes: 8, in: shard)
                    Array(field.utf8).withBytes { field in
                        Array((value ?? "").utf8).withBytes {
                            let content = value == nil ? nil : StringContent(encoding: $0)
                            _ = hash.set(field, content, .stays, EncodingLimits(), now: 0)
                        }
                    }
                    model[name, default: [:]][field] = .some(value)
                }
                part.update(key, shard.find(key).map { HashValue($0) })
            }
        }

        /// The keys that the part finds.
        func found(_ words: [String]) throws -> [String] {
            let bytes = words.map { Array($0.utf8) }
            var vector = ArgumentVector()
            let all = bytes.flatMap { $0 }
            var found: [String] = []
            try all.withBytes { text throws(CommandError) in
                var offset = 0
                for word in bytes {
                    vector.append(text[offset..<offset + word.count])
                    offset += word.count
                }
                let arguments = vector.arguments(0, vector.count)
                let query = try HashQuery(arguments, 0..<words.count, hasher) { _ in true }
                part.find(query, prefetch: { _, _ in }) {
                    found.append($0.bytes.string)
                    return true
                }
            }
            return found.sorted()
        }
    }

    @Test(arguments: 1...3)
    func `random changes leave exactly the terms of the hashes`(seed: Int) throws {
        let rig = Rig(seed: seed)
        for step in 0..<6_000 {
            rig.change()
            guard step % 20 == 0 else { continue }
            let (field, value) = ("f\(rig.random.below(6))", "\(rig.random.below(4))")
            let other = "f\(rig.random.below(6))"
            let model = rig.model
            let having = model.filter { $0.value[field] != nil }.keys.sorted()
            let either = model.filter { $0.value[field] != nil || $0.value[other] != nil }
            let equal = model.filter { $0.value[field] == .some(.some(value)) }.keys.sorted()
            let null = model.filter { $0.value[field] == .some(.none) }.keys.sorted()
            #expect(try rig.found(["?", field]) == having)
            #expect(try rig.found(["?|", field, other]) == either.keys.sorted())
            #expect(try rig.found(["@>", "\(field)=>\(value)"]) == equal)
            #expect(try rig.found(["@>", "\(field)=>NULL"]) == null)
            #expect(try rig.found(["@>", ""]) == model.keys.sorted())
            #expect(rig.part.count == model.count)
            var counts: [String: Int] = [:]
            rig.part.forEachField { counts[String(decoding: $0, as: UTF8.self)] = $1 }
            var wanted: [String: Int] = [:]
            for fields in model.values { for name in fields.keys { wanted[name, default: 0] += 1 } }
            #expect(counts == wanted)
        }
        #expect(rig.part.byteCount > 0)
        _ = rig.part.reset()
        #expect(rig.part.count == 0 && rig.part.byteCount == 0)
        #expect(try rig.found(["@>", ""]).isEmpty)
    }

    @Test func `keys with the same hash are told apart`() throws {
        let rig = Rig(seed: 1)
        let hash = KeyHash(bits: 42)
        let names = ["a", "b", "c"].map { Array($0.utf8) }
        for name in names {
            rig.withKey(String(decoding: name, as: UTF8.self)) { key in
                let value = HashValue.create(key, pairBytes: 8, in: rig.shard)
                Array("f".utf8).withBytes { field in
                    _ = value.set(field, .integer(1), .stays, EncodingLimits(), now: 0)
                }
                rig.part.update(Key(key.bytes, hash), value)
            }
        }
        #expect(rig.part.count == 3)
        #expect(try rig.found(["@>", "f=>1"]) == ["a", "b", "c"])
        // The one that came first goes first; then its place is taken.
        names[0].withBytes { rig.part.update(Key($0, hash), nil) }
        #expect(try rig.found(["@>", "f=>1"]) == ["b", "c"])
        names[2].withBytes { rig.part.update(Key($0, hash), nil) }
        #expect(try rig.found(["?", "f"]) == ["b"])
        names[1].withBytes { rig.part.update(Key($0, hash), nil) }
        #expect(rig.part.count == 0)
    }

    @Test func `hashes with very many fields are always looked at`() throws {
        let rig = Rig(seed: 1)
        func fill(_ range: Range<Int>) {
            rig.withKey("k") { key in
                let hash =
                    rig.shard.find(key).map { HashValue($0) }
                    ?? HashValue.create(key, pairBytes: 8, in: rig.shard)
                for number in range {
                    Array("f\(number)".utf8).withBytes { field in
                        _ = hash.set(field, .integer(1), .stays, EncodingLimits(), now: 0)
                    }
                }
                rig.part.update(key, rig.shard.find(key).map { HashValue($0) })
            }
        }
        func fieldCount() -> Int {
            var count = 0
            rig.part.forEachField { _, _ in count += 1 }
            return count
        }
        fill(0..<HashTerms.fieldsMax)
        #expect(fieldCount() == HashTerms.fieldsMax)
        #expect(try rig.found(["@>", "f7=>2"]) == [])
        fill(HashTerms.fieldsMax..<HashTerms.fieldsMax + 1)
        #expect(fieldCount() == 0)
        #expect(try rig.found(["@>", "f7=>2"]) == ["k"])
        rig.withKey("k") { key in
            guard let slot = rig.shard.find(key) else { return }
            _ = Array("f7".utf8).withBytes { HashValue(slot).remove($0, now: 0) }
            rig.part.update(key, HashValue(slot))
        }
        #expect(fieldCount() == HashTerms.fieldsMax)
        #expect(try rig.found(["@>", "f7=>1"]) == [])
    }
}
