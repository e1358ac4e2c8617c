/// The block sizes of an arena: steps of 8 bytes up to 512, then 16 steps per doubling.
///
/// ```text
/// 8 16 24 … 512 | 544 576 … 1024 | 1088 … 2048 | … | 17408 … 32768
/// ```
/// A block wastes at most 7 bytes up to 512 and at most 1/17 of itself above.
public enum SizeClasses {
    /// The number of classes.
    public static let count = 64 + 6 * 16
    /// The largest block that has a class; larger blocks take whole pages.
    public static let byteCountMax = 32 * 1024

    /// The class of the smallest block that holds `byteCount` (1...`byteCountMax`) bytes.
    @inlinable
    @inline(__always)
    public static func index(_ byteCount: Int) -> Int {
        if byteCount <= 512 { return (byteCount &+ 7) >> 3 &- 1 }
        let last = byteCount &- 1
        let doubling = Int.bitWidth &- 1 &- last.leadingZeroBitCount
        return 64 &+ (doubling &- 9) << 4 &+ (last >> (doubling &- 4)) &- 16
    }

    /// The block size of a class, in bytes.
    @inlinable
    public static func byteCount(_ index: Int) -> Int {
        if index < 64 { return (index &+ 1) << 3 }
        let doubling = (index &- 64) >> 4
        return (17 &+ (index &- 64) & 15) << (5 &+ doubling)
    }
}
