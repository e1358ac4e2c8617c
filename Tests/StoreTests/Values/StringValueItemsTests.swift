import Primitives
import Structures
import Testing

@testable import Store

@Suite struct StringValueItemsTests {
    private static let heads = [
        ItemHead(), ItemHead(flags: 9), ItemHead(cas: 77),
        ItemHead(flags: 1, cas: 2, state: .stale),
    ]
    private static let sizes = [0, 1, 127, 128, 8191, 8192, 100_000]

    private static func value(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }

    @Test(arguments: sizes, [nil, 1 << 45] as [Int64?])
    func `values and heads change independently`(count: Int, expiry: Int64?) {
        let shard = Shard()
        let bytes = Bytes("key")
        let key = Key(bytes, shard.hash(bytes))
        let value = Self.value(count)
        for first in Self.heads {
            for second in Self.heads {
                value.withBytes {
                    _ = StringValue.setItem(
                        key,
                        .bytes($0),
                        first,
                        expiry: expiry,
                        at: shard.find(key),
                        in: shard
                    )
                }
                guard let slot = shard.find(key) else { return #expect(Bool(false)) }
                slot.entry.isFetched = true
                let changed = StringValue.setHead(slot, second, in: shard)
                let found = StringValue.withBytes(changed.entry) { $0.array }
                #expect(found == value && changed.entry.itemHead == second)
                #expect(changed.entry.expiry == expiry && changed.entry.isFetched)
                #expect(changed.entry.isItem == !second.isPlain)
                #expect(shard.isValid)
            }
        }
        if let slot = shard.find(key) { shard.remove(slot) }
        #expect(shard.isValid && shard.usedBytes < 1 << 12)
    }

    @Test(arguments: sizes)
    func `copies and moves keep the head, edits and sets drop it`(count: Int) {
        let shard = Shard()
        func key(_ name: StaticString) -> Key { Key(Bytes(name), shard.hash(Bytes(name))) }
        let head = ItemHead(flags: 3, cas: 4)
        let value = Self.value(count)
        value.withBytes {
            _ = StringValue.setItem(
                key("a"),
                .bytes($0),
                head,
                expiry: nil,
                at: nil,
                in: shard
            )
        }
        guard let source = shard.find(key("a")) else { return #expect(Bool(false)) }
        shard.insertCopy(of: source, as: key("b"), expiry: 1 << 44, nil)
        guard let again = shard.find(key("a")) else { return #expect(Bool(false)) }
        shard.insertMoved(again, as: key("c"), expiry: nil, nil)
        #expect(shard.find(key("a")) == nil)
        for name in ["b", "c"] as [StaticString] {
            guard let slot = shard.find(key(name)) else { return #expect(Bool(false)) }
            #expect(slot.entry.itemHead == head)
            let found = StringValue.withBytes(slot.entry) { $0.array }
            #expect(found == value)
            let edited = StringValue.edit(slot, count: count + 1, in: shard).slot
            #expect(!edited.entry.isItem && StringValue.count(edited.entry) == count + 1)
        }
        #expect(shard.isValid)
    }
}
