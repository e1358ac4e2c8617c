import Primitives
import Testing

@Suite struct KeyHashTests {
    private let hasher = KeyHasher(secret0: 0x1234_5678_9ABC_DEF0, secret1: 0x0FED_CBA9_8765_4321)

    @Test func `a key's address does not affect its hash, but its length and bytes do`() {
        var seen: Set<UInt64> = []
        for count in 0..<70 {
            let key = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let hash = key.withBytes { hasher($0).bits }
            let shifted = ([9] + key).withBytes { hasher($0.dropFirst(1)).bits }
            #expect(hash == shifted)
            #expect(seen.insert(hash).inserted)
            for index in 0..<count {
                var other = key
                other[index] ^= 1
                let changed = other.withBytes { hasher($0).bits }
                #expect(changed != hash)
            }
        }
    }

    @Test func `another secret yields other hashes`() {
        let other = KeyHasher(secret0: 1, secret1: 2)
        for text in ["", "a", "key:1234", "a key that is longer than sixteen"] as [StaticString] {
            #expect(other(Bytes(text)).bits != hasher(Bytes(text)).bits)
        }
        #expect(KeyHasher()(Bytes("x")).bits == KeyHasher()(Bytes("x")).bits)
    }

    @Test func `tags are never zero and use every bit`() {
        var ones = [Int](repeating: 0, count: 64)
        for number in 0..<4096 {
            let hash = Array("key:\(number)".utf8).withBytes { hasher($0) }
            #expect(hash.tag != 0)
            for bit in 0..<64 where hash.bits >> UInt64(bit) & 1 == 1 { ones[bit] += 1 }
        }
        #expect(ones.allSatisfy { (1850...2250).contains($0) })
    }

    @Test func `with hash slots, the upper bits are the slot and the others are unchanged`() {
        let clustered = KeyHasher(
            secret0: 0x1234_5678_9ABC_DEF0,
            secret1: 0x0FED_CBA9_8765_4321,
            usesSlots: true
        )
        var tags: Set<UInt8> = []
        var partitions: Set<UInt64> = []
        for number in 0..<1000 {
            Array("{user}:\(number)".utf8).withBytes { key in
                let (plain, hash) = (hasher(key), clustered(key))
                #expect(hash.slot == HashSlot(of: key))
                #expect(hash.bits & (1 << 50 - 1) == plain.bits & (1 << 50 - 1))
                #expect(hash.tag == plain.tag)
                tags.insert(hash.tag)
                partitions.insert(hash.bits >> 58)
            }
        }
        #expect(tags.count > 240 && partitions.count == 1)
    }
}
