import Primitives
import Testing

@testable import Server

@Suite struct EvictionRoundTests {
    @Test func `partitions give up equal parts of their keys`() {
        var round = EvictionRound(from: 3)
        #expect(round.next == 3)
        var random = FastRandom(seed: 8)
        let keys = [4_000, 1_000, 1_000, 3_000, 100, 2_000]
        var taken = Array(repeating: 0, count: keys.count)
        for visit in 0..<12_000 {
            let place = visit % keys.count
            let chance = Double(random.below(1024)) / 1024
            taken[place] += round.share(of: keys[place], most: 16, chance: chance)
        }
        let parts = zip(taken, keys).map { Double($0) / Double($1) }
        for part in parts { #expect((0.7...1.3).contains(part / parts[0]), "\(parts)") }
    }

    @Test func `a partition among its like gives up as many as it may`() {
        var round = EvictionRound(from: 0)
        for _ in 0..<100 { #expect(round.share(of: 500, most: 16, chance: 0) == 16) }
        #expect(round.share(of: 500, most: 1, chance: 0) == 1)
    }

    @Test func `one key alone goes seldom where others have thousands`() {
        var round = EvictionRound(from: 0)
        var random = FastRandom(seed: 2)
        var taken = 0
        for visit in 1...6_400 {
            let chance = Double(random.below(1024)) / 1024
            let isLone = visit % 64 == 0
            let share = round.share(of: isLone ? 1 : 5_000, most: 16, chance: chance)
            if isLone { taken += share }
        }
        #expect(taken <= 4)
    }
}
