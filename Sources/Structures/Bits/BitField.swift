public import Primitives

/// An integer of 1 to 64 bits at any bit offset, most significant bit first.
///
/// ```text
/// bit   0        8        16       24
///       ┌────────┬────────┬────────┬─
///       │     aaa│aaaaaaaa│aa      │     width 13, from bit 5 on
///       └────────┴────────┴────────┴─
/// ```
public struct BitField: Sendable {
    /// What to do with a number that does not fit the field.
    public enum Overflow: Sendable {
        /// Keep the low bits.
        case wrap
        /// Keep the nearest number that fits.
        case saturate
        /// Write nothing.
        case fail
    }

    /// Whether the field is signed (two's complement).
    public let isSigned: Bool
    /// The number of bits: up to 64 if signed, up to 63 if not.
    public let width: Int

    /// Parses a type such as `i8` or `u63`; nil if it is not one.
    public init?(_ name: Bytes) {
        guard name.count > 1, name[0] == UInt8(ascii: "i") || name[0] == UInt8(ascii: "u") else {
            return nil
        }
        isSigned = name[0] == UInt8(ascii: "i")
        guard let bits = DecimalText.integer(name.dropFirst(1)), bits >= 1,
            bits <= (isSigned ? 64 : 63)
        else { return nil }
        width = Int(bits)
    }

    private var greatest: Int64 {
        Int64(truncatingIfNeeded: UInt64.max >> (65 - UInt64(valueBits)))
    }
    private var least: Int64 { isSigned ? -greatest - 1 : 0 }
    /// The width of a signed field with the same greatest value.
    private var valueBits: Int { isSigned ? width : width + 1 }

    // MARK: Reading and writing

    /// The number at bit `offset`; bits past the end read as zeros.
    public func value(of bytes: Bytes, at offset: Int) -> Int64 {
        var word: UInt64 = 0
        let first = offset >> 3
        for index in first..<first + 8 { word = word << 8 | UInt64(byte(index, bytes)) }
        let shift = UInt64(offset & 7)
        if shift > 0 { word = word << shift | UInt64(byte(first + 8, bytes)) >> (8 - shift) }
        return truncated(Int64(bitPattern: word >> UInt64(64 - width)))
    }

    private func byte(_ index: Int, _ bytes: Bytes) -> UInt8 {
        index < bytes.count ? bytes[index] : 0
    }

    /// Writes the low bits of `value` at bit `offset`; the bytes must reach that far.
    public func set(_ value: Int64, of bytes: EditableBytes, at offset: Int) {
        var rest = UInt64(bitPattern: value)
        var end = offset + width
        while end > offset {
            let index = (end - 1) >> 3
            let start = max(offset, index << 3)
            let count = UInt64(end - start)
            let shift = UInt64(index << 3 + 8 - end)
            let mask = UInt8(truncatingIfNeeded: (1 << count - 1) << shift)
            let bits = UInt8(truncatingIfNeeded: rest << shift)
            bytes[index] = bytes[index] & ~mask | bits & mask
            rest >>= count
            end = start
        }
    }

    // MARK: Arithmetic

    /// Adds `increment` to `value`, which the field holds; nil if the sum overflows under `.fail`.
    public func sum(_ value: Int64, _ increment: Int64, _ overflow: Overflow) -> Int64? {
        let (sum, carry) = value.addingReportingOverflow(increment)
        if carry ? increment > 0 : sum > greatest { return limited(sum, greatest, overflow) }
        if carry ? increment < 0 : sum < least { return limited(sum, least, overflow) }
        return sum
    }

    /// Fits `value` into the field; nil if it overflows under `.fail`.
    ///
    /// An unsigned field treats a negative value as too large.
    public func fitting(_ value: Int64, _ overflow: Overflow) -> Int64? {
        if value > greatest || !isSigned && value < 0 { return limited(value, greatest, overflow) }
        return value < least ? limited(value, least, overflow) : value
    }

    private func limited(_ value: Int64, _ limit: Int64, _ overflow: Overflow) -> Int64? {
        switch overflow {
        case .wrap: truncated(value)
        case .saturate: limit
        case .fail: nil
        }
    }

    /// The low bits of `value`, sign-extended if the field is signed.
    private func truncated(_ value: Int64) -> Int64 {
        let shift = Int64(64 - width)
        let high = value << shift
        return isSigned
            ? high >> shift : Int64(bitPattern: UInt64(bitPattern: high) >> UInt64(shift))
    }
}
