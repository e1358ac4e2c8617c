import Primitives
import Testing

@testable import Structures

@Suite struct ArenaTests {
    @Test func `size classes are steps of 8, then sixteen steps per doubling`() {
        var last = 0
        for index in 0..<SizeClasses.count {
            let size = SizeClasses.byteCount(index)
            #expect(size > last && size % 8 == 0)
            #expect(SizeClasses.index(size) == index && SizeClasses.index(last + 1) == index)
            #expect(size <= 512 || size - last <= size / 9 + 8)
            last = size
        }
        #expect(last == SizeClasses.byteCountMax)
    }

    @Test func `blocks on both sides of each writable step can be written`() {
        var arena = Arena()
        for megabytes in [1, 2, 1, 5, 20, 30, 10, 64, 65, 1] {
            let handle = arena.allocate(megabytes << 20)
            let cell = arena.cell(handle)
            for end in [0, (megabytes << 20) - 1] { cell.store(UInt8(7), end) }
            let last = cell.byte((megabytes << 20) - 1)
            #expect(last == 7)
        }
    }

    @Test(arguments: [1, 2, 3])
    func `random steps preserve every block's bytes`(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var arena = Arena()
        var blocks: [Block] = []
        func size() -> Int {
            switch random.below(60) {
            case 0: 32_768 + random.below(300_000)
            case 1..<5: 1 + random.below(40_000)
            case 5..<15: 1 + random.below(4_000)
            default: 1 + random.below(200)
            }
        }
        for step in 0..<30_000 {
            let grows = step % 10_000 < 5_000
            if blocks.isEmpty || random.below(10) < (grows ? 7 : 3) {
                let count = size()
                let block = Block(
                    handle: arena.allocate(count),
                    count: count,
                    byte: UInt8(step & 255)
                )
                let capacity = arena.capacity(block.handle)
                #expect(capacity >= count)
                block.fill(arena)
                blocks.append(block)
            } else {
                let index = random.below(blocks.count)
                let old = blocks[index]
                let kept = old.isWhole(arena)
                #expect(kept)
                if random.below(4) == 0 {
                    let count = size()
                    let handle = arena.reallocate(old.handle, count, keeping: old.count)
                    let first = arena.cell(handle).byte(0)
                    #expect(first == old.byte)
                    blocks[index] = Block(handle: handle, count: count, byte: old.byte &+ 1)
                    blocks[index].fill(arena)
                } else {
                    arena.free(old.handle)
                    blocks[index] = blocks[blocks.count - 1]
                    blocks.removeLast()
                }
            }
            if step % 1000 == 0 {
                let isValid = arena.isValid
                #expect(isValid)
                let whole = blocks.allSatisfy { $0.isWhole(arena) }
                #expect(whole)
            }
        }
        let expected = blocks.reduce(0) { $0 + arena.capacity($1.handle) }
        let live = arena.liveBytes
        #expect(live == expected)
        for block in blocks { arena.free(block.handle) }
        let (left, pages) = (arena.liveBytes, arena.pageBytes)
        #expect(left == 0 && pages == 0)
        let isValid = arena.isValid
        #expect(isValid)
    }
}

/// A block with the same byte at both ends and in the middle.
private struct Block {
    var handle: Handle
    var count: Int
    var byte: UInt8

    func isWhole(_ arena: borrowing Arena) -> Bool {
        let cell = arena.cell(handle)
        return cell.byte(0) == byte && cell.byte(count / 2) == byte && cell.byte(count - 1) == byte
    }

    func fill(_ arena: borrowing Arena) {
        for index in [0, count / 2, count - 1] { arena.cell(handle).store(byte, index) }
    }
}
