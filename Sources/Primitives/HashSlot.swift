internal import CSupport

/// One of the 16,384 parts into which a cluster divides its keys.
///
/// The slot of a key is the CRC16 of the key, or of the text between its first `{` and the next `}`
/// if that is not empty, so that clients can put keys into the same slot.
///
/// Source: the Redis cluster specification.
public struct HashSlot: Hashable, Sendable {
    /// The number of slots.
    public static let count = 16384

    /// The number of the slot, below `count`.
    public let number: UInt16

    /// Creates a slot from its number.
    public init(number: UInt16) {
        assert(number < HashSlot.count, "no such slot")
        self.number = number
    }

    /// The slot of `key`.
    ///
    /// Complexity: O(`key.count`).
    public init(of key: Bytes) {
        let part = HashSlot.hashedPart(of: key)
        // SAFETY: `part` is readable for its count.
        let crc = unsafe apus_crc16(part.base, part.count)
        number = crc & UInt16(HashSlot.count - 1)
    }

    private static func hashedPart(of key: Bytes) -> Bytes {
        var start = 0
        while start < key.count, key[start] != UInt8(ascii: "{") { start += 1 }
        var end = start + 1
        while end < key.count, key[end] != UInt8(ascii: "}") { end += 1 }
        guard end < key.count, end > start + 1 else { return key }
        return key[start + 1..<end]
    }
}
