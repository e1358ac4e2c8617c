/// The block sizes of an arena: steps of 8 bytes up to 512, then eight steps per doubling.
///
/// ```text
/// 8 16 24 … 512 | 576 640 … 1024 | 1152 … 2048 | … | 18432 … 32768
/// ```
/// A block wastes at most 7 bytes up to 512 and at most 1/9 of itself above.
public enum SizeClasses {
    /// The number of classes.
    public static let count = 64 + 6 * 8
    /// The largest classed block; larger ones take whole pages.
    public static let byteCountMax = 32 * 1024

    /// The class of the smallest block that holds `byteCount` (1...`byteCountMax`) bytes.
    @inlinable
    @inline(__always)
    public static func index(_ byteCount: Int) -> Int {
        if byteCount <= 512 { return (byteCount &+ 7) >> 3 &- 1 }
        let last = byteCount &- 1
        let doubling = Int.bitWidth &- 1 &- last.leadingZeroBitCount
        return 64 &+ (doubling &- 9) << 3 &+ (last >> (doubling &- 3)) &- 8
    }

    /// The block size of a class.
    @inlinable
    public static func byteCount(_ index: Int) -> Int {
        if index < 64 { return (index &+ 1) << 3 }
        let doubling = (index &- 64) >> 3
        return (9 &+ (index &- 64) & 7) << (6 &+ doubling)
    }
}
