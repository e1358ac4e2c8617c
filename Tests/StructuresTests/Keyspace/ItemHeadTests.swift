import Primitives
import Testing

@testable import Structures

@Suite struct ItemHeadTests {
    private static let heads: [ItemHead] = [0, 1, UInt32.max].flatMap { flags in
        [0, 7, UInt64.max].flatMap { cas in
            [[], .stale, [.stale, .won]].map { ItemHead(flags: flags, cas: cas, state: $0) }
        }
    }

    @Test(arguments: heads)
    func `a head is read as it was written`(head: ItemHead) {
        var buffer = ByteBuffer(capacity: 64)
        buffer.commit(64)
        let end = head.write(to: buffer.cell, at: 3)
        #expect(end == 3 + head.byteCount)
        guard !head.isPlain else { return }
        #expect(ItemHead(buffer.cell, 3) == head)
        #expect(ItemHead.byteCount(mask: buffer.cell.byte(3)) == head.byteCount)
    }

    @Test func `a head takes what it needs`() {
        #expect(ItemHead().byteCount == 0)
        #expect(ItemHead(flags: 5).byteCount == 5)
        #expect(ItemHead(flags: 5, cas: 9).byteCount == 13)
        #expect(ItemHead(cas: 9, state: .won).byteCount == 10)
    }
}
