import Testing

@testable import Server

@Suite struct HeavyHittersTests {
    private func key(_ number: Int) -> [UInt8] { Array("k\(number)".utf8) }

    @Test func `few keys are counted exactly`() {
        var hitters = HeavyHitters(capacity: 4)
        for number in 0..<4 {
            for _ in 0...number { hitters.add(key(number), 10) }
        }
        #expect(hitters.top(2).map(\.key) == [key(3), key(2)])
        #expect(hitters.top(9).map(\.amount) == [40, 30, 20, 10])
    }

    @Test func `the largest sums are found among many keys`() {
        var hitters = HeavyHitters(capacity: 16)
        for round in 0..<2000 {
            hitters.add(key(round % 3), 5)
            hitters.add(key(100 + round), 1)
        }
        let top = hitters.top(3)
        #expect(Set(top.map(\.key)) == Set((0..<3).map(key)))
        // Too high by at most the smallest sum, never too low.
        #expect(top.allSatisfy { $0.amount >= 3330 && $0.amount < 3330 + 400 })
    }
}
