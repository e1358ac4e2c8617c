import Primitives
import Testing

@testable import Structures

@Suite struct GhostTableTests {
    private static func hashes(_ count: Int, seed: UInt64) -> [KeyHash] {
        var random = FastRandom(seed: seed)
        return (0..<count).map { _ in KeyHash(bits: random.next()) }
    }

    @Test(arguments: [10, 100, 5_000, 100_000])
    func `what went lately is known, once`(count: Int) {
        var arena = Arena()
        var ghosts = GhostTable()
        ghosts.fit(count, &arena)
        let gone = GhostTableTests.hashes(count / 10, seed: 3)
        for hash in gone { ghosts.remember(hash, &arena) }
        let known = gone.count { ghosts.take($0, arena) }
        let knownAgain = gone.count { ghosts.take($0, arena) }
        // Some took the places of others.
        #expect(known >= gone.count * 8 / 10 && knownAgain == 0)
        ghosts.removeAll(&arena)
        let bytes = arena.liveBytes
        #expect(bytes == 0)
    }

    @Test func `few of those that never went are taken for some that did`() {
        var arena = Arena()
        var ghosts = GhostTable()
        ghosts.fit(10_000, &arena)
        for hash in GhostTableTests.hashes(100_000, seed: 3) { ghosts.remember(hash, &arena) }
        let wrong = GhostTableTests.hashes(10_000, seed: 77).count { ghosts.take($0, arena) }
        #expect(wrong < 120)
    }

    @Test func `a table has a byte a key at most, and follows their number`() {
        var arena = Arena()
        var ghosts = GhostTable()
        ghosts.remember(KeyHash(bits: 5), &arena)
        let isKnown = ghosts.take(KeyHash(bits: 5), arena)
        #expect(!isKnown)
        for count in [0, 64, 1_000, 4_096, 70_000, 1_000_000] {
            ghosts.fit(count, &arena)
            let most = max(count, GhostTable.placesMin)
            #expect(ghosts.placeCount <= most && ghosts.placeCount * 2 > count)
            for hash in GhostTableTests.hashes(2_000, seed: 9) { ghosts.remember(hash, &arena) }
            let bytes = arena.liveBytes
            #expect(bytes <= most + 64)
        }
        for count in [300_000, 20_000, 1_000, 0] {
            ghosts.fit(count, &arena)
            let bytes = arena.liveBytes
            #expect(ghosts.placeCount <= max(2 * count, GhostTable.placesMin))
            #expect(bytes <= ghosts.placeCount)
        }
    }

    @Test func `what was remembered stays as the table grows, as far as its place does`() {
        var arena = Arena()
        var ghosts = GhostTable()
        ghosts.fit(64, &arena)
        // In the lower half of every larger table.
        let low = (1...30).map { KeyHash(bits: UInt64($0) | 0xAB << 40) }
        for hash in low { ghosts.remember(hash, &arena) }
        ghosts.fit(100_000, &arena)
        let known = low.count { ghosts.take($0, arena) }
        #expect(known == low.count)
    }
}
