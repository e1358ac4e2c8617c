extension ByteBuffer {
    /// The maximum number of decimals that `append(fixed:digits:)` writes.
    public static let fixedDigitsMax = 17

    /// Appends `value` with `digits` decimals, correctly rounded, as C's `%f` does.
    ///
    /// Omits trailing zeros if `trims`.
    public mutating func append(fixed value: Double, digits: Int, trims: Bool = false) {
        precondition(digits > 0 && digits <= ByteBuffer.fixedDigitsMax, "too many digits")
        guard value.isFinite else {
            append(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf")
            return
        }
        guard abs(value) < 0x1p63 else { return append(large: value, digits: trims ? 0 : digits) }
        var scale: UInt64 = 1
        for _ in 0..<digits { scale *= 10 }
        let magnitude = abs(value)
        var whole = UInt64(magnitude.rounded(.towardZero))
        var rest = ByteBuffer.scaled(magnitude - magnitude.rounded(.towardZero), by: scale)
        if rest == scale {
            whole += 1
            rest = 0
        }
        if value.sign == .minus, !trims || whole > 0 || rest > 0 { append(UInt8(ascii: "-")) }
        append(decimal: Int64(clamping: whole))
        if trims, rest == 0 { return }
        append(UInt8(ascii: "."))
        var unit = scale / 10
        while unit > 0 {
            append(UInt8(rest / unit) + 0x30)
            rest %= unit
            if trims, rest == 0 { return }
            unit /= 10
        }
    }

    /// `fraction`, which is below 1, times `scale`, rounded to the nearest integer, ties to even.
    private static func scaled(_ fraction: Double, by scale: UInt64) -> UInt64 {
        guard fraction.isNormal else { return 0 }
        let significand = fraction.significandBitPattern | 1 << 52
        let shift = 52 - Int(fraction.exponent)
        // 53 bits times 57 bits.
        let product = UInt128(significand) * UInt128(scale)
        guard shift < 120 else { return 0 }
        let quotient = UInt64(product >> UInt128(shift))
        let rest = product & ((UInt128(1) << UInt128(shift)) - 1)
        let half = UInt128(1) << UInt128(shift - 1)
        let roundsUp = rest > half || rest == half && quotient & 1 == 1
        return roundsUp ? quotient + 1 : quotient
    }
}
