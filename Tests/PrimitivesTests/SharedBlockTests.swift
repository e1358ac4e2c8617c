import Primitives
import Testing

@Suite struct SharedBlockTests {
    @Test func `a block holds its bytes and counts its references`() {
        let block = SharedBlock(capacity: 100)
        #expect(block.count == 0 && block.capacity == 100 && block.byteCount == 124)
        block.storage.put(Bytes("hello"), 0)
        block.count = 5
        #expect(block.bytes.string == "hello")
        #expect(!block.isShared)
        block.retain()
        #expect(block.isShared)
        block.release()
        #expect(!block.isShared)
        block.release()
    }

    @Test(arguments: [0, 1, 4096, 3 << 20])
    func `a block of zeros is zero`(count: Int) {
        let block = SharedBlock(zeros: count)
        defer { block.release() }
        #expect(block.count == count && block.capacity == count)
        let isZero = block.bytes.array.allSatisfy { $0 == 0 }
        #expect(isZero)
    }

    @Test(arguments: [(8192, 16384), (1 << 20, 5 << 20)])
    func `a block keeps its bytes when it grows`(count: Int, capacity: Int) {
        var block = SharedBlock(capacity: count)
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        bytes.withBytes { block.storage.put($0, 0) }
        block.count = count
        block = block.grown(to: capacity)
        defer { block.release() }
        #expect(block.capacity == capacity && block.count == count && !block.isShared)
        #expect(block.bytes.array == bytes)
    }

    @Test(arguments: [0, 1, 4096, 10_000, 3 << 20])
    func `a block's memory is freed from its end`(count: Int) {
        for step in [1, 4096, 100_000] {
            let block = SharedBlock(zeros: count)
            var calls = 1
            while block.giveBack(step) { calls += 1 }
            #expect(calls <= count / max(step & ~4095, 4096) + 1)
            #expect(block.capacity <= 4096 + 4096)
            block.release()
        }
    }

    @Test func `there is no block for more bytes than can be addressed`() {
        for less in [0, 1, 24, 4096, 1 << 50] {
            #expect(!SharedBlock.isAvailable(Int.max - less))
            #expect(SharedBlock(ifAvailable: Int.max - less) == nil)
        }
        #expect(SharedBlock.isAvailable(0) && SharedBlock.isAvailable(17 << 20))
    }
}
