public import Primitives

/// The header of a request of memcached's binary protocol.
///
/// ```text
///  0       1        2      4        5      6         8      12       16    24
/// ┌───────┬────────┬──────┬────────┬──────┬─────────┬──────┬────────┬─────┬────────┬─────┬───────
/// │ magic │ opcode │ key  │ extras │ type │ bucket, │ body │ opaque │ CAS │ extras │ key │ value
/// │       │        │ size │ size   │      │ status  │ size │        │     │        │     │
/// └───────┴────────┴──────┴────────┴──────┴─────────┴──────┴────────┴─────┴────────┴─────┴───────
/// ```
/// Numbers are big-endian. Replies have the same form, with a magic number of their own, a status
/// in the place of the bucket, and the opcode and the opaque bytes of the request.
public struct BinaryHeader {
    /// Its length in bytes.
    public static let byteCount = 24
    /// The first byte of every request.
    public static let requestMagic: UInt8 = 0x80
    /// The first byte of every reply.
    static let replyMagic: UInt8 = 0x81

    /// The number of the opcode, known or not.
    public let opcode: UInt8
    /// Four bytes that the reply returns, in the order in which they came.
    public let opaque: UInt32
    /// The version that the item must have; 0 for any.
    public let cas: UInt64
    let keyCount: Int
    let extrasCount: Int
    let bodyCount: Int
    /// The length of extras and key.
    var partCount: Int { extrasCount + keyCount }

    /// Reads the header at `offset`, of which all bytes have arrived.
    init(_ buffer: Cell, _ offset: Int) {
        opcode = buffer.byte(offset + 1)
        keyCount = Int(UInt16(bigEndian: buffer.load(offset + 2)))
        extrasCount = Int(buffer.byte(offset + 4))
        bodyCount = Int(UInt32(bigEndian: buffer.load(offset + 8)))
        opaque = buffer.load(offset + 12)
        cas = UInt64(bigEndian: buffer.load(offset + 16))
    }

    /// Reads the word of a request that holds its header.
    ///
    /// Precondition: the parser has written the word.
    public init(_ word: Bytes) {
        precondition(word.count == BinaryHeader.byteCount, "a whole header")
        opcode = word[1]
        keyCount = Int(word.bigEndian(2, as: UInt16.self))
        extrasCount = Int(word[4])
        bodyCount = Int(word.bigEndian(8, as: UInt32.self))
        opaque = word.bigEndian(12, as: UInt32.self).bigEndian
        cas = word.bigEndian(16, as: UInt64.self)
    }
}

extension Bytes {
    /// The number at `offset`, the highest byte first.
    public func bigEndian<Number: FixedWidthInteger & UnsignedInteger>(
        _ offset: Int,
        as type: Number.Type
    ) -> Number {
        var number: Number = 0
        for index in 0..<MemoryLayout<Number>.size {
            number = number << 8 | Number(truncatingIfNeeded: self[offset + index])
        }
        return number
    }
}
