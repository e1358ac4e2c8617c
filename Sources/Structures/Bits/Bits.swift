internal import CSupport
public import Primitives

/// Bit operations over bytes, numbered as in Redis: bit 0 is the top bit of the first byte.
public enum Bits {
    /// The valid bit offsets in a string of at most `bytesMax` bytes.
    ///
    /// The range ends early enough that a field starting at any offset ends, in bits and rounded up
    /// to bytes, within `Int`.
    public static func places(bytesMax: Int) -> Range<Int> {
        0..<(bytesMax > Int.max >> 3 ? Int.max - 127 : min(bytesMax << 3, Int.max - 127))
    }

    /// The number of set bits.
    ///
    /// Complexity: O(bytes), 32 bytes per step if the processor can.
    public static func count(_ bytes: Bytes) -> Int {
        // SAFETY: reads `count` bytes.
        Int(unsafe apus_popcount(bytes.base, bytes.count))
    }

    /// The number of set bits in `range`.
    ///
    /// Precondition: `range` is not empty and lies within the bytes.
    public static func count(_ bytes: Bytes, in range: Range<Int>) -> Int {
        let last = range.upperBound - 1
        let before = bytes[range.lowerBound >> 3] & ~headMask(range.lowerBound)
        let after = bytes[last >> 3] & ~tailMask(last)
        return count(bytes[range.lowerBound >> 3..<last >> 3 + 1])
            - before.nonzeroBitCount - after.nonzeroBitCount
    }

    /// The first bit in `range` equal to `bit`, or nil.
    ///
    /// Complexity: O(bytes), 32 bytes per step.
    ///
    /// Precondition: `range` lies within the bytes.
    public static func first(_ bit: Bool, in bytes: Bytes, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        // Flip the bits so that the one searched for is always a one.
        let flip: UInt8 = bit ? 0 : 0xFF
        var index = range.lowerBound >> 3
        let end = (range.upperBound + 7) >> 3
        var byte = (bytes[index] ^ flip) & headMask(range.lowerBound)
        if byte == 0 {
            index = firstByte(not: flip, in: bytes[0..<end], from: index + 1)
            guard index < end else { return nil }
            byte = bytes[index] ^ flip
        }
        let found = index << 3 + byte.leadingZeroBitCount
        return found < range.upperBound ? found : nil
    }

    /// Whether bit `index` is set; bits past the end are zeros.
    public static func bit(_ index: Int, of bytes: Bytes) -> Bool {
        index >> 3 < bytes.count && bytes[index >> 3] & mask(index) != 0
    }

    /// Sets bit `index` to `isOne`; the bytes must reach that far.
    public static func set(_ index: Int, of bytes: EditableBytes, to isOne: Bool) {
        let byte = bytes[index >> 3]
        bytes[index >> 3] = isOne ? byte | mask(index) : byte & ~mask(index)
    }

    /// The first index from `from` on whose byte differs from `value` (0 or 255), else the count.
    private static func firstByte(not value: UInt8, in bytes: Bytes, from: Int) -> Int {
        let same: UInt64 = value == 0 ? 0 : .max
        var index = from
        while index &+ 32 <= bytes.count {
            let low = (word(index, bytes) ^ same) | (word(index &+ 8, bytes) ^ same)
            let high = (word(index &+ 16, bytes) ^ same) | (word(index &+ 24, bytes) ^ same)
            if low | high != 0 { break }
            index &+= 32
        }
        while index < bytes.count, bytes[index] == value { index &+= 1 }
        return index
    }

    @inline(__always)
    private static func word(_ index: Int, _ bytes: Bytes) -> UInt64 {
        // SAFETY: the caller saw that the word ends within `count`.
        unsafe UnsafeRawPointer(bytes.base).loadUnaligned(fromByteOffset: index, as: UInt64.self)
    }

    private static func mask(_ index: Int) -> UInt8 { 0x80 >> UInt8(index & 7) }

    /// A mask of the bits from `index` to the end of its byte.
    private static func headMask(_ index: Int) -> UInt8 { 0xFF >> UInt8(index & 7) }

    /// A mask of the bits up to and including `index`.
    private static func tailMask(_ index: Int) -> UInt8 { 0xFF << UInt8(7 - index & 7) }
}
