/// A SHA-1 sum of 160 bits: what Redis' digests of data sets are made of, no protection of
/// anything.
///
/// Source: FIPS 180-4, sections 5.1.1, 5.3.1 and 6.1.2.
public struct SHA1: Equatable, Sendable {
    private var first: UInt32 = 0
    private var second: UInt32 = 0
    private var third: UInt32 = 0
    private var fourth: UInt32 = 0
    private var fifth: UInt32 = 0

    private typealias Block = InlineArray<16, UInt32>

    private static let blockBytes = 64

    /// Zeros, the sum of nothing that one knows.
    public init() {}

    private static var start: SHA1 {
        var sum = SHA1()
        sum.first = 0x6745_2301
        sum.second = 0xEFCD_AB89
        sum.third = 0x98BA_DCFE
        sum.fourth = 0x1032_5476
        sum.fifth = 0xC3D2_E1F0
        return sum
    }

    /// The sum of `bytes`. Complexity: O(bytes).
    public init(of bytes: Bytes) {
        self = SHA1.start
        var block = Block(repeating: 0)
        let wholeBytes = bytes.count / SHA1.blockBytes * SHA1.blockBytes
        for index in 0..<wholeBytes {
            SHA1.put(bytes[index], index % SHA1.blockBytes, &block)
            if index % SHA1.blockBytes == SHA1.blockBytes - 1 { mix(&block) }
        }
        let rest = bytes.dropFirst(wholeBytes)
        for index in 0..<rest.count { SHA1.put(rest[index], index, &block) }
        SHA1.put(0x80, rest.count, &block)
        // The length takes the last 8 bytes of a block.
        if rest.count + 1 > SHA1.blockBytes - 8 { mix(&block) }
        let bits = UInt64(bytes.count) * 8
        block[14] = UInt32(truncatingIfNeeded: bits >> 32)
        block[15] = UInt32(truncatingIfNeeded: bits)
        mix(&block)
    }

    /// The sum of the 20 bytes of `sum`.
    public init(of sum: SHA1) {
        self = SHA1.start
        var block = Block(repeating: 0)
        block[0] = sum.first
        block[1] = sum.second
        block[2] = sum.third
        block[3] = sum.fourth
        block[4] = sum.fifth
        block[5] = 0x8000_0000
        block[15] = 160
        mix(&block)
    }

    private static func put(_ byte: UInt8, _ index: Int, _ block: inout Block) {
        block[index / 4] |= UInt32(byte) << UInt32(24 - index % 4 * 8)
    }

    /// Mixes a block of the message in and leaves it zeros.
    private mutating func mix(_ block: inout Block) {
        var (a, b, c, d, e) = (first, second, third, fourth, fifth)
        for round in 0..<80 {
            let word = SHA1.word(round, &block)
            let (chosen, constant) = SHA1.choose(round, b, c, d)
            let next = SHA1.rotate(a, 5) &+ chosen &+ e &+ constant &+ word
            (e, d, c, b, a) = (d, c, SHA1.rotate(b, 30), a, next)
        }
        first &+= a
        second &+= b
        third &+= c
        fourth &+= d
        fifth &+= e
        block = Block(repeating: 0)
    }

    /// Word `round` of the schedule, of which `block` keeps the last sixteen.
    private static func word(_ round: Int, _ block: inout Block) -> UInt32 {
        guard round >= 16 else { return block[round] }
        let mixed =
            block[(round - 3) & 15] ^ block[(round - 8) & 15] ^ block[(round - 14) & 15]
            ^ block[round & 15]
        block[round & 15] = rotate(mixed, 1)
        return block[round & 15]
    }

    private static func choose(
        _ round: Int,
        _ b: UInt32,
        _ c: UInt32,
        _ d: UInt32
    ) -> (chosen: UInt32, constant: UInt32) {
        switch round {
        case ..<20: (b & c | ~b & d, 0x5A82_7999)
        case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
        case ..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }

    /// The bits that differ.
    public static func ^ (left: SHA1, right: SHA1) -> SHA1 {
        var sum = left
        sum.first ^= right.first
        sum.second ^= right.second
        sum.third ^= right.third
        sum.fourth ^= right.fourth
        sum.fifth ^= right.fifth
        return sum
    }

    /// The five words of 32 bits, the first bytes in the highest bits.
    public var words: [UInt32] { [first, second, third, fourth, fifth] }
}
