internal import CLZF
internal import CSupport
public import Primitives
internal import Structures

/// Writes RDB's numbers and strings to a buffer.
///
/// ```text
/// 00nnnnnn                      a length below 64
/// 01nnnnnn + 1 byte             a length below 16,384, big-endian
/// 10000000 + 4, 10000001 + 8    a longer one, big-endian
/// 1100000w + 1, 2 or 4 bytes    in place of a string: a whole number, little-endian
/// 11000011 + length, length     in place of a string: LZF, its length before that of the string
/// ```
public struct RDBWriter: ~Copyable {
    /// The bytes written so far.
    public var buffer = ByteBuffer()
    /// Whether strings are compressed if that saves enough.
    public let compresses: Bool
    /// A packed collection under construction.
    var pack = ListpackWriter()

    /// The maximum length of strings that are not worth compressing.
    private static let plainMax = 20
    /// The minimum saving of compression in bytes.
    private static let savedMin = 4
    /// The maximum length of text that may be an integer.
    private static let numberTextMax = 11

    /// Creates a writer with an empty buffer.
    public init(compresses: Bool) { self.compresses = compresses }

    // MARK: Numbers

    /// Appends a length.
    public mutating func length(_ count: UInt64) {
        if count < 1 << 6 {
            buffer.append(UInt8(count))
        } else if count < 1 << 14 {
            buffer.append(0x40 | UInt8(count >> 8))
            buffer.append(UInt8(count & 255))
        } else if count <= UInt64(UInt32.max) {
            buffer.append(0x80)
            buffer.append(bytesOf: count.byteSwapped >> 32, 4)
        } else {
            buffer.append(0x81)
            buffer.append(bytesOf: count.byteSwapped, 8)
        }
    }

    /// Appends a length.
    ///
    /// Precondition: it is not negative.
    public mutating func length(_ count: Int) { length(UInt64(count)) }

    /// Appends eight bytes, little-endian.
    public mutating func fixed(_ number: Int64) {
        buffer.append(bytesOf: UInt64(bitPattern: number), 8)
    }

    /// Appends a score.
    mutating func score(_ score: Double) { buffer.append(bytesOf: score.bitPattern, 8) }

    // MARK: Strings

    /// Appends a string in its shortest encoding.
    public mutating func string(_ bytes: Bytes) {
        if bytes.count <= RDBWriter.numberTextMax, let number = DecimalText.integer(bytes),
            shortNumber(number)
        {
            return
        }
        if compresses, bytes.count > RDBWriter.plainMax, compressed(bytes) { return }
        length(bytes.count)
        buffer.append(bytes)
    }

    /// Appends an integer as a string.
    mutating func string(_ number: Int64) {
        if shortNumber(number) { return }
        DecimalText.withText(number) { text in
            length(text.count)
            buffer.append(text)
        }
    }

    /// Appends an item as a string.
    mutating func string(_ item: PackItem) {
        switch item {
        case .bytes(let bytes): string(bytes)
        case .integer(let number): string(number)
        }
    }

    /// Appends an integer in 1, 2 or 4 bytes; if it needs more, returns false and appends nothing.
    private mutating func shortNumber(_ number: Int64) -> Bool {
        let width: Int
        switch number {
        case -0x80...0x7F: width = 1
        case -0x8000...0x7FFF: width = 2
        case -0x8000_0000...0x7FFF_FFFF: width = 4
        default: return false
        }
        buffer.append(0xC0 | UInt8(width / 2))
        buffer.append(bytesOf: UInt64(bitPattern: number), width)
        return true
    }

    /// Appends a string compressed by LZF.
    ///
    /// If that saves too little, returns false and appends nothing.
    private mutating func compressed(_ bytes: Bytes) -> Bool {
        guard bytes.count <= Int(Int32.max), let room = unsafe apus_room(0, bytes.count) else {
            return false
        }
        // SAFETY: the bytes are readable for `count`, and the buffer has room for as many.
        let written = unsafe Int(
            lzf_compress(
                bytes.base,
                UInt32(bytes.count),
                room,
                UInt32(bytes.count - RDBWriter.savedMin)
            )
        )
        guard written > 0 else { return false }
        buffer.append(0xC3)
        length(written)
        length(bytes.count)
        unsafe buffer.append(Bytes(raw: room, count: written))
        return true
    }
}

extension ByteBuffer {
    /// Appends the lowest `count` bytes of `word` in little-endian order.
    mutating func append(bytesOf word: UInt64, _ count: Int) {
        var rest = word
        for _ in 0..<count {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
