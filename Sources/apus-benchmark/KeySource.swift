internal import Primitives

/// The numbers for `__rand_int__`: uniform, or skewed towards a few.
struct KeySource {
    private enum Shape {
        case uniform(count: Int)
        case zipf(Zipf)
    }

    private let shape: Shape
    private var random: FastRandom

    /// Numbers below `count`; with an exponent, 0 is the most frequent, then 1, and so on.
    init(count: Int, zipfExponent: Double?, seed: UInt64) {
        precondition(count > 0, "a key source needs a key")
        shape =
            if let zipfExponent {
                .zipf(Zipf(count: UInt64(count), exponent: zipfExponent))
            } else {
                .uniform(count: count)
            }
        // Neighbouring seeds (one per thread) must not give neighbouring states.
        random = FastRandom(seed: (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15)
        for _ in 0..<4 { _ = random.next() }
    }

    mutating func next() -> UInt64 {
        switch shape {
        case .uniform(let count): UInt64(random.below(count))
        case .zipf(let zipf): zipf.draw(&random) - 1
        }
    }
}
