public import Primitives

/// Numbers in requests of memcached's text protocol, read as `strtoull` and `strtol` do.
///
/// White space may precede a number, a space may follow it, and a sign is allowed.
public enum MemcachedNumber {
    /// The unsigned 64-bit number in `text`, or nil; nil if it is negative.
    @inlinable
    public static func unsigned(_ text: Bytes) -> UInt64? {
        guard let (isNegative, magnitude) = parse(text), !isNegative || magnitude == 0 else {
            return nil
        }
        return magnitude
    }

    /// The signed number in `text`, or nil.
    @inlinable
    public static func signed(_ text: Bytes) -> Int64? {
        guard let (isNegative, magnitude) = parse(text), magnitude <= UInt64(Int64.max) else {
            return nil
        }
        let value = Int64(truncatingIfNeeded: magnitude)
        return isNegative ? -value : value
    }

    @inlinable
    static func parse(_ text: Bytes) -> (isNegative: Bool, magnitude: UInt64)? {
        let count = text.count
        var at = 0
        while at < count, isSpace(text[at]) { at &+= 1 }
        var isNegative = false
        if at < count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at &+= 1
        }
        let first = at
        var magnitude: UInt64 = 0
        while at < count {
            let digit = text[at] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
            at &+= 1
        }
        guard at > first, at == count || isSpace(text[at]) || text[at] == 0 else { return nil }
        return (isNegative, magnitude)
    }

    @inlinable
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
}
