import Primitives
import Testing

@testable import Structures

@Suite struct RegionTests {
    @Test func `pages freed by one arena are reused by another`() {
        let region = Region(byteCount: 64 << 20)
        var other = Arena(region: region)
        let kept = other.allocate(100)
        other.cell(kept).store(UInt8(9), 99)
        for _ in 0..<200 {
            var arena = Arena(region: region)
            for _ in 0..<40 { _ = arena.allocate(100_000) }
            for _ in 0..<1000 { _ = arena.allocate(1000) }
            let isValid = arena.isValid
            #expect(isValid)
        }
        let byte = other.cell(kept).byte(99)
        let isValid = other.isValid
        #expect(byte == 9 && isValid)
        let hasRoom = other.hasRoom(for: 32 << 20)
        #expect(hasRoom)
    }

    @Test func `small arenas take pages from the upper end, large ones from the lower`() {
        let region = Region(byteCount: 1 << 30)
        var small = Arena(region: region)
        let first = small.allocate(100)
        #expect(Int(first.units) << 3 > 1 << 29)
        var large = Arena(region: region)
        var last = Handle.none
        for _ in 0..<200 { last = large.allocate(60_000) }
        #expect(Int(last.units) << 3 < 1 << 29)
    }

    @Test func `requests are rejected while there is still room for those in progress`() {
        let region = Region(byteCount: 16 << 20)
        #expect(region.isTight)
        var arena = Arena(region: region)
        var blocks: [Handle] = []
        while arena.hasRoom(for: 1000) { blocks.append(arena.allocate(1000)) }
        let live = arena.liveBytes
        #expect(live > 13 << 20 && live < 16 << 20)
        #expect(region.hasReserve)
        let hasRoomForMore = arena.hasRoom(for: 1 << 20)
        #expect(!hasRoomForMore)
        // One large allocation by a running command, and small ones.
        let step = arena.allocate(400 << 10)
        arena.cell(step).store(UInt8(1), 400 << 10 - 1)
        arena.free(step)
        // Gaps are reused for small requests even if no page is free.
        for index in blocks.indices where index % 2 == 0 { arena.free(blocks[index]) }
        let hasRoom = arena.hasRoom(for: 1000)
        #expect(hasRoom)
        let isValid = arena.isValid
        #expect(isValid)
    }

    @Test func `a region without address space has room for nothing`() {
        let region = Region(byteCount: 0)
        #expect(region.isTight && !region.hasReserve && region.capacity == 0)
        #expect(!region.hasRoom(for: 1, slack: 0, of: 1))
        #expect(!region.hasRoom(for: .max, slack: 0, of: 1))
    }

    @Test func `any size may be requested`() {
        let region = Region()
        #expect(!region.isTight && region.hasReserve)
        #expect(region.hasRoom(for: 30 << 30, slack: 0, of: 1))
        for size in [32 << 30, Int.max / 2, Int.max] {
            #expect(!region.hasRoom(for: size, slack: 0, of: 1))
        }
    }

    @Test func `the helper prepares pages ahead, and starts over if the zone has shrunk`() {
        let region = Region(byteCount: 1 << 30, bell: Doorbell())
        for _ in 0..<3 {
            var arena = Arena(region: region)
            var blocks: [Handle] = []
            for index in 0..<4000 {
                blocks.append(arena.allocate(60_000))
                arena.cell(blocks[index]).store(UInt8(index & 255), 59_999)
                if index % 100 == 0 { region.prepareAhead() }
            }
            for (index, block) in blocks.enumerated() {
                let byte = arena.cell(block).byte(59_999)
                #expect(byte == UInt8(index & 255))
            }
        }
        region.prepareAhead()
    }
}
