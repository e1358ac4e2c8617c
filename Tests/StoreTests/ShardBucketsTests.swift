import Primitives
import Testing

@testable import Store
@testable import Structures

@Suite struct ShardBucketsTests {
    private func key(_ text: String, in shard: Shard, _ body: (Key) -> Void) {
        Array(text.utf8).withBytes { body(Key($0, shard.hash($0))) }
    }

    @Test func `every key is counted in one bucket, and those with an expiry`() {
        let shard = Shard()
        defer { shard.destroy() }
        for number in 0..<1000 {
            key("key:\(number)", in: shard) {
                StringValue.set(
                    $0,
                    .integer(1),
                    expiry: number % 4 == 0 ? 9_000_000_000_000 : nil,
                    at: nil,
                    in: shard
                )
            }
        }
        var (buckets, keys, volatile) = (0, 0, 0)
        shard.forEachBucket { held, withExpiry in
            buckets += 1
            keys += held
            volatile += withExpiry
        }
        #expect(buckets > 100)
        #expect(keys == 1000)
        #expect(volatile == 250)
    }

    @Test func `only collections in tables have buckets`() {
        let shard = Shard()
        defer { shard.destroy() }
        let limits = EncodingLimits()
        for count in [3, 2000] {
            key("set:\(count)", in: shard) { key in
                let set = HashValue.create(key, pairBytes: 8, in: shard)
                for number in 0..<count {
                    Array("field:\(number)".utf8).withBytes {
                        _ = set.set($0, .integer(1), .stays, limits, now: 0)
                    }
                }
                var total = 0
                let hasTable = shard.forEachBucket(of: set.slot) { total += $0 }
                #expect(hasTable == (count > 512))
                #expect(total == (count > 512 ? count : 0))
            }
        }
    }
}
