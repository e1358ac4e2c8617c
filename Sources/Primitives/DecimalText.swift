/// Converts integers to and from decimal text, as strictly as Redis does.
public enum DecimalText {
    /// The maximum number of bytes that `write` produces: a sign and 19 digits.
    public static let byteCountMax = 20

    /// The number in `text`, or nil.
    ///
    /// Only canonical text is accepted: no `+`, no leading zeros, no spaces, no `-0`, nothing
    /// beyond 64 bits.
    @inlinable
    public static func integer(_ text: Bytes) -> Int64? {
        let count = text.count
        guard count > 0, count <= byteCountMax else { return nil }
        // SAFETY: every index below is less than `count`.
        let base = unsafe text.base
        let negative = unsafe base[0] == UInt8(ascii: "-")
        var index = negative ? 1 : 0
        guard index < count else { return nil }
        let first = unsafe base[index] &- UInt8(ascii: "0")
        if first == 0 { return count == 1 ? 0 : nil }
        guard first <= 9 else { return nil }
        var magnitude = UInt64(first)
        index += 1
        // Up to 18 digits never overflow.
        let plain = min(count, negative ? 19 : 18)
        while index < plain {
            let digit = unsafe base[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            magnitude = magnitude &* 10 &+ UInt64(digit)
            index &+= 1
        }
        while index < count {
            let digit = unsafe base[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
            index += 1
        }
        if negative {
            guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
            return Int64(truncatingIfNeeded: 0 &- magnitude)
        }
        return magnitude <= UInt64(Int64.max) ? Int64(magnitude) : nil
    }

    /// The number of bytes that `write` produces for `value`.
    @inlinable
    public static func byteCount(_ value: Int64) -> Int {
        digitCount(value.magnitude) + (value < 0 ? 1 : 0)
    }

    @inlinable
    static func digitCount(_ magnitude: UInt64) -> Int {
        var count = 1
        var rest = magnitude
        while rest >= 10000 {
            rest /= 10000
            count += 4
        }
        return rest >= 1000 ? count + 3 : rest >= 100 ? count + 2 : rest >= 10 ? count + 1 : count
    }

    /// Writes `value` at `target`, which has room for `byteCountMax`, and returns the byte count.
    @inlinable
    @discardableResult
    public static func write(_ value: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let negative = value < 0
        // SAFETY: the caller's room fits the sign and all digits.
        if negative { unsafe target[0] = UInt8(ascii: "-") }
        return unsafe write(unsigned: value.magnitude, to: target + (negative ? 1 : 0))
            + (negative ? 1 : 0)
    }

    /// Writes `value` at `target`, which has room for `byteCountMax`, and returns the byte count.
    ///
    /// Eight digits at a time are computed in one word, which is stored as a whole: bytes after the
    /// last digit may change, within that space.
    @inlinable
    @discardableResult
    public static func write(
        unsigned value: UInt64,
        to target: UnsafeMutablePointer<UInt8>
    ) -> Int {
        // SAFETY: the caller's room fits at most 20 digits; every word but the first ends at one of
        // eight, and the first is stored before all others.
        let raw = UnsafeMutableRawPointer(target)
        var rest = value
        var low: UInt64 = 0
        var middle: UInt64 = 0
        var tailCount = 0
        if rest >= 100_000_000 {
            low = rest % 100_000_000
            rest /= 100_000_000
            tailCount = 8
            if rest >= 100_000_000 {
                middle = rest % 100_000_000
                rest /= 100_000_000
                tailCount = 16
            }
        }
        let digits = eightDigits(rest)
        // Zero still has one digit.
        let leading = min(digits.trailingZeroBitCount >> 3, 7)
        unsafe raw.storeBytes(of: (digits | zeros) >> UInt64(leading &* 8), as: UInt64.self)
        var count = 8 &- leading
        if tailCount == 16 {
            let word = eightDigits(middle) | zeros
            unsafe raw.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
            count &+= 8
        }
        if tailCount > 0 {
            let word = eightDigits(low) | zeros
            unsafe raw.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
            count &+= 8
        }
        return count
    }

    /// The text `00000000`.
    @usableFromInline static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// The eight digits of a number below 10⁸, a byte each, the first digit in the lowest byte.
    ///
    /// Halves are split into quarters and these into digits, in parallel within one word.
    @inlinable
    @inline(__always)
    static func eightDigits(_ value: UInt64) -> UInt64 {
        let halves = value / 10_000 | (value % 10_000) << 32
        // 10486 / 2²⁰ is 1/100 for numbers below 10⁴, 103 / 2¹⁰ is 1/10 for numbers below 100.
        let hundreds = (halves &* 10_486) >> 20 & 0x0000_007F_0000_007F
        let quarters = hundreds | (halves &- hundreds &* 100) << 16
        let tens = (quarters &* 103) >> 10 & 0x000F_000F_000F_000F
        return tens | (quarters &- tens &* 10) << 8
    }

    /// Calls `body` with the decimal text of `value`.
    @inlinable
    public static func withText<Result, Failure: Error>(
        _ value: Int64,
        _ body: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var text: InlineArray<20, UInt8> = .init(repeating: 0)
        var span = text.mutableSpan
        // SAFETY: 20 bytes hold every number; the text lives to the end of the scope.
        return try unsafe span.withUnsafeMutableBufferPointer { buffer throws(Failure) in
            guard let base = buffer.baseAddress else { return try body(Bytes()) }
            let count = unsafe write(value, to: base)
            return try unsafe body(Bytes(base: base, count: count))
        }
    }
}
