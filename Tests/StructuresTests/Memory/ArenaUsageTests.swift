import Primitives
import Testing

@testable import Structures

@Suite struct ArenaUsageTests {
    @Test func `pages and blocks are counted by size class`() {
        var arena = Arena()
        var blocks: [Handle] = []
        for _ in 0..<2000 { blocks.append(arena.allocate(56)) }
        for _ in 0..<10 { blocks.append(arena.allocate(1000)) }
        blocks.append(arena.allocate(100_000))
        var usage = ArenaUsage()
        usage.add(arena)
        #expect(usage.classes[SizeClasses.index(56)] == (2, 2000))
        #expect(usage.classes[SizeClasses.index(1000)] == (1, 10))
        #expect(usage.runs == (1, 2) && usage.idlePages == 0)
        let (live, pages) = (arena.liveBytes, arena.pageBytes)
        #expect(usage.liveBytes == live && usage.pageBytes == pages)
        usage.add(arena)
        #expect(usage.classes[SizeClasses.index(56)] == (4, 4000))

        for block in blocks { arena.free(block) }
        arena.region.giveBackIdlePages()
        var after = ArenaUsage()
        after.add(arena)
        after.add(arena.region)
        #expect(after.idlePages == 5 && after.liveBytes == 0 && after.pageBytes == 0)
        let again = arena.allocate(56)
        let isValid = arena.isValid
        #expect(isValid && !again.isNone)
    }
}
