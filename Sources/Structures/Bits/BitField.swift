public import Primitives

/// An integer of 1 to 64 bits anywhere in a run of bits, the highest bit first.
///
/// ```text
/// bit   0        8        16       24
///       ┌────────┬────────┬────────┬─
///       │     aaa│aaaaaaaa│aa      │     width 13, from bit 5 on
///       └────────┴────────┴────────┴─
/// ```
public struct BitField: Sendable {
    /// What happens to a number that the field cannot hold.
    public enum Overflow: Sendable {
        /// Its low bits are kept.
        case wrap
        /// The nearest number that fits is kept.
        case saturate
        /// Nothing is written.
        case fail
    }

    /// Whether the highest bit is a sign.
    public let isSigned: Bool
    /// The number of bits: up to 64 with a sign, up to 63 without.
    public let width: Int

    /// A field by its name, `i` or `u` and the width; nil when it is none.
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
    /// The width that a signed field of the same greatest number has.
    private var valueBits: Int { isSigned ? width : width + 1 }

    // MARK: Reading and writing

    /// The number at bit `offset`; bits behind the end are zeros.
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

    /// Writes the low bits of `value` at bit `offset` of bytes that reach that far.
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

    /// `value`, which the field holds, plus `increment`; nil when it does not fit and must.
    public func sum(_ value: Int64, _ increment: Int64, _ overflow: Overflow) -> Int64? {
        let (sum, carry) = value.addingReportingOverflow(increment)
        if carry ? increment > 0 : sum > greatest { return limited(sum, greatest, overflow) }
        if carry ? increment < 0 : sum < least { return limited(sum, least, overflow) }
        return sum
    }

    /// `value` as the field can hold it; nil when it does not fit and must.
    ///
    /// Without a sign a negative one is too large.
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

    /// The low bits of `value`, its sign restored.
    private func truncated(_ value: Int64) -> Int64 {
        let shift = Int64(64 - width)
        let high = value << shift
        return isSigned
            ? high >> shift : Int64(bitPattern: UInt64(bitPattern: high) >> UInt64(shift))
    }
}
