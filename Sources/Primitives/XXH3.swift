/// The 64-bit XXH3 hash with the standard secret and seed 0, which DIGEST tells.
///
/// ```text
/// bytes    0   1…3   4…8   9…16     folded in one step
///          17…128                   pairs of 16 bytes from both ends inwards
///          129…240                  16 bytes a step
///          241…                     stripes of 64 bytes into 8 sums, stirred every KiB
/// ```
/// Not for hash tables: it has no secret of ours.
///
/// Source: Y. Collet, "xxHash fast digest algorithm", version 0.8 (github.com/Cyan4973/xxHash/doc).
public enum XXH3 {
    /// The secret's stripes for the 16 stripes of a block.
    private typealias BlockSecret = InlineArray<16, SIMD8<UInt64>>

    /// The hash of `input`. Complexity: O(bytes).
    public static func hash(_ input: Bytes) -> UInt64 {
        let reader = Reader(input)
        switch input.count {
        case 0: return avalanche64(secret(56) ^ secret(64))
        case 1...3: return hashUpTo3(input)
        case 4...8: return hashUpTo8(reader, input.count)
        case 9...16: return hashUpTo16(reader, input.count)
        case 17...128: return hashUpTo128(reader, input.count)
        case 129...240: return hashUpTo240(reader, input.count)
        default: return hashLong(reader, input.count)
        }
    }

    private static let prime32: (UInt64, UInt64, UInt64) = (0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D)
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    /// The standard secret, 192 bytes as little-endian words.
    private static let secretWords: InlineArray<24, UInt64> = [
        0xBE4B_A423_396C_FEB8, 0x1CAD_21F7_2C81_017C, 0xDB97_9083_E96D_D4DE,
        0x1F67_B3B7_A4A4_4072, 0x78E5_C0CC_4EE6_79CB, 0x2172_FFCC_7DD0_5A82,
        0x8E24_43F7_7446_08B8, 0x4C26_3A81_E690_35E0, 0xCB00_C391_BB52_283C,
        0xA32E_531B_8B65_D088, 0x4EF9_0DA2_9748_6471, 0xD8AC_DEA9_46EF_1938,
        0x3F34_9CE3_3F76_FAA8, 0x1D4F_0BC7_C7BB_DCF9, 0x3159_B4CD_4BE0_518A,
        0x6473_78D9_C97E_9FC8, 0xC3EB_D334_83AC_C5EA, 0xEB63_13FA_FFA0_81C5,
        0x49DA_F0B7_51DD_0D17, 0x9E68_D429_2655_16D3, 0xFCA1_477D_58BE_162B,
        0xCE31_D07A_D1B8_F88F, 0x2804_1695_8F3A_CB45, 0x7E40_4BBB_CAFB_D7AF,
    ]

    /// Eight bytes of the secret from `offset` on.
    @inline(__always)
    private static func secret(_ offset: Int) -> UInt64 {
        let low = secretWords[offset >> 3]
        let shift = UInt64(offset & 7) << 3
        return shift == 0 ? low : low >> shift | secretWords[offset >> 3 + 1] << (64 - shift)
    }

    /// Eight words of the secret from `offset` on.
    @inline(__always)
    private static func secretStripe(_ offset: Int) -> SIMD8<UInt64> {
        SIMD8(
            secret(offset),
            secret(offset + 8),
            secret(offset + 16),
            secret(offset + 24),
            secret(offset + 32),
            secret(offset + 40),
            secret(offset + 48),
            secret(offset + 56)
        )
    }

    // MARK: Short inputs

    private static func hashUpTo3(_ input: Bytes) -> UInt64 {
        let first = UInt64(input[0])
        let middle = UInt64(input[input.count >> 1])
        let last = UInt64(input[input.count - 1])
        let mixed = first << 16 | middle << 24 | last | UInt64(input.count) << 8
        let flip = secret(0) & 0xFFFF_FFFF ^ secret(0) >> 32
        return avalanche64(mixed ^ flip)
    }

    private static func hashUpTo8(_ input: Reader, _ count: Int) -> UInt64 {
        let mixed = input.half(count &- 4) &+ input.half(0) << 32
        var hash = mixed ^ secret(8) ^ secret(16)
        hash ^= rotated(hash, 49) ^ rotated(hash, 24)
        hash = hash &* 0x9FB2_1C65_1E98_DF25
        hash ^= hash >> 35 &+ UInt64(count)
        hash = hash &* 0x9FB2_1C65_1E98_DF25
        return hash ^ hash >> 28
    }

    private static func hashUpTo16(_ input: Reader, _ count: Int) -> UInt64 {
        let low = input.word(0) ^ secret(24) ^ secret(32)
        let high = input.word(count &- 8) ^ secret(40) ^ secret(48)
        return avalanche(UInt64(count) &+ low.byteSwapped &+ high &+ folded(low, high))
    }

    private static func hashUpTo128(_ input: Reader, _ count: Int) -> UInt64 {
        var sum = UInt64(count) &* prime1
        var pair = (count &- 1) / 32
        while pair >= 0 {
            sum = sum &+ mixed(input, pair &* 16, pair &* 32)
            sum = sum &+ mixed(input, count &- 16 &* (pair &+ 1), pair &* 32 &+ 16)
            pair &-= 1
        }
        return avalanche(sum)
    }

    private static func hashUpTo240(_ input: Reader, _ count: Int) -> UInt64 {
        var sum = UInt64(count) &* prime1
        for step in 0..<8 { sum = sum &+ mixed(input, step &* 16, step &* 16) }
        sum = avalanche(sum)
        for step in 8..<count / 16 {
            sum = sum &+ mixed(input, step &* 16, (step &- 8) &* 16 &+ 3)
        }
        return avalanche(sum &+ mixed(input, count &- 16, 136 &- 17))
    }

    // MARK: Long inputs

    private static func hashLong(_ input: Reader, _ count: Int) -> UInt64 {
        var sums = SIMD8<UInt64>(
            prime32.2,
            prime1,
            prime2,
            prime3,
            prime4,
            prime32.1,
            prime5,
            prime32.0
        )
        // 16 stripes, each with the secret 8 bytes further on, are a block.
        let blocks = (count &- 1) / 1024
        let secrets = BlockSecret { secretStripe($0 &* 8) }
        for block in 0..<blocks {
            for stripe in 0..<16 {
                accumulate(&sums, input.stripe(block &* 1024 &+ stripe &* 64), secrets[stripe])
            }
            sums ^= sums &>> 47
            sums ^= secretStripe(128)
            sums = sums &* SIMD8(repeating: prime32.0)
        }
        for stripe in 0..<(count &- 1 &- blocks &* 1024) / 64 {
            accumulate(&sums, input.stripe(blocks &* 1024 &+ stripe &* 64), secrets[stripe])
        }
        accumulate(&sums, input.stripe(count &- 64), secretStripe(128 &- 7))
        var hash = UInt64(count) &* prime1
        for pair in 0..<4 {
            let left = sums[pair &* 2] ^ secret(11 &+ pair &* 16)
            let right = sums[pair &* 2 &+ 1] ^ secret(19 &+ pair &* 16)
            hash = hash &+ folded(left, right)
        }
        return avalanche(hash)
    }

    @inline(__always)
    private static func accumulate(
        _ sums: inout SIMD8<UInt64>,
        _ stripe: SIMD8<UInt64>,
        _ secret: SIMD8<UInt64>
    ) {
        let keyed = stripe ^ secret
        let swapped = SIMD8(
            stripe[1],
            stripe[0],
            stripe[3],
            stripe[2],
            stripe[5],
            stripe[4],
            stripe[7],
            stripe[6]
        )
        sums = sums &+ swapped &+ (keyed & 0xFFFF_FFFF) &* (keyed &>> 32)
    }

    // MARK: Parts

    /// Loads from the input, little-endian; offsets are the algorithm's own.
    private struct Reader {
        private let cell: Cell

        init(_ input: Bytes) {
            // SAFETY: only read from.
            unsafe cell = Cell(UnsafeMutableRawPointer(mutating: input.base))
        }

        func word(_ offset: Int) -> UInt64 { UInt64(littleEndian: cell.load(offset)) }
        func half(_ offset: Int) -> UInt64 { UInt64(UInt32(littleEndian: cell.load(offset))) }
        @inline(__always)
        func stripe(_ offset: Int) -> SIMD8<UInt64> { cell.load(offset) }
    }

    private static func mixed(_ input: Reader, _ offset: Int, _ secretOffset: Int) -> UInt64 {
        folded(
            input.word(offset) ^ secret(secretOffset),
            input.word(offset &+ 8) ^ secret(secretOffset &+ 8)
        )
    }

    private static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.low ^ product.high
    }

    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value << bits | value >> (64 &- bits)
    }

    private static func avalanche(_ value: UInt64) -> UInt64 {
        let mixed = (value ^ value >> 37) &* 0x1656_6791_9E37_79F9
        return mixed ^ mixed >> 32
    }

    private static func avalanche64(_ value: UInt64) -> UInt64 {
        var mixed = (value ^ value >> 33) &* prime2
        mixed = (mixed ^ mixed >> 29) &* prime3
        return mixed ^ mixed >> 32
    }
}
