import Primitives
import Testing

@testable import apus_benchmark

@Suite struct ZipfTests {
    @Test(arguments: [0.2, 0.5, 0.99, 1.0, 1.01, 2.0, 5.0], [1, 2, 3, 10, 100])
    func `frequencies follow the distribution`(_ exponent: Double, _ count: Int) {
        let zipf = Zipf(count: UInt64(count), exponent: exponent)
        var random = FastRandom(seed: 42)
        let draws = 200_000
        var seen = [Int](repeating: 0, count: count)
        for _ in 0..<draws { seen[Int(zipf.draw(&random)) - 1] += 1 }
        let weights = (1...count).map { power(Double($0), -exponent) }
        let total = weights.reduce(0, +)
        for (times, weight) in zip(seen, weights) {
            let expected = Double(draws) * weight / total
            // Five standard deviations: a wrong formula would be off by much more.
            let tolerance = 5 * expected.squareRoot() + 5
            #expect(abs(Double(times) - expected) < tolerance)
        }
    }

    @Test(arguments: [0.5, 0.99, 1.0, 1.5]) func `stays in range over a huge keyspace`(
        _ exponent: Double
    ) {
        let zipf = Zipf(count: 1_000_000_000_000, exponent: exponent)
        var random = FastRandom(seed: 7)
        var greatest: UInt64 = 0
        for _ in 0..<100_000 {
            let rank = zipf.draw(&random)
            #expect(rank >= 1 && rank <= 1_000_000_000_000)
            greatest = max(greatest, rank)
        }
        #expect(greatest > 1000)
    }

    @Test func `one seed gives one sequence, another seed another`() {
        func sequence(_ seed: UInt64) -> [UInt64] {
            var keys = KeySource(count: 1_000_000, zipfExponent: 0.9, seed: seed)
            return (0..<50).map { _ in keys.next() }
        }
        #expect(sequence(1) == sequence(1))
        #expect(sequence(1) != sequence(2))
        #expect(sequence(2) != sequence(3))
    }

    @Test func `uniform keys cover their range evenly`() {
        var keys = KeySource(count: 10, zipfExponent: nil, seed: 3)
        var seen = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { seen[Int(keys.next())] += 1 }
        for times in seen { #expect(abs(times - 10_000) < 600) }
    }

    /// base^exponent by repeated square roots, independent of the code under test.
    private func power(_ base: Double, _ exponent: Double) -> Double {
        guard exponent >= 0 else { return 1 / power(base, -exponent) }
        var result = 1.0
        for _ in 0..<Int(exponent) { result *= base }
        var root = base
        var rest = exponent - exponent.rounded(.down)
        for _ in 0..<52 where rest > 0 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                result *= root
                rest -= 1
            }
        }
        return result
    }
}
