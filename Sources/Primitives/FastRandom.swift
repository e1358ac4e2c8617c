/// A small fast generator (xorshift64*) for choices that need not be unpredictable.
@frozen
public struct FastRandom: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// Creates a generator; the same seed yields the same sequence.
    public init(seed: UInt64) { state = seed | 1 }

    /// The next 64 bits.
    @inlinable
    public mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// A number below `bound`, which is positive; the bias is below 2⁻³² for small bounds.
    @inlinable
    public mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
