public import Primitives

/// The checksum of RDB files and DUMP payloads, known as the Jones CRC.
///
/// Polynomial 0xAD93D23594C935A9, input and output reflected, initial value 0, no final XOR.
public struct CRC64: Equatable, Sendable {
    /// The checksum so far.
    public private(set) var value: UInt64 = 0

    /// The checksum of no bytes.
    public init() {}

    /// Appends bytes, eight at a time, with one table for each.
    ///
    /// Complexity: O(bytes).
    public mutating func append(_ bytes: Bytes) {
        var sum = value
        var index = 0
        unsafe CRC64.tables.withUnsafeBufferPointer { tables in
            // SAFETY: words end within `count`; table indices are below 8 × 256.
            while index &+ 8 <= bytes.count {
                sum ^= unsafe UnsafeRawPointer(bytes.base + index)
                    .loadUnaligned(as: UInt64.self).littleEndian
                var next: UInt64 = 0
                for place in 0..<8 {
                    let byte = Int(truncatingIfNeeded: sum &>> UInt64(place &* 8)) & 255
                    next ^= unsafe tables[(7 &- place) &* 256 &+ byte]
                }
                sum = next
                index &+= 8
            }
            while index < bytes.count {
                let byte = Int(truncatingIfNeeded: sum ^ UInt64(bytes[index])) & 255
                sum = unsafe tables[byte] ^ (sum &>> 8)
                index &+= 1
            }
        }
        value = sum
    }

    /// The checksum of `bytes`.
    public static func of(_ bytes: Bytes) -> UInt64 {
        var sum = CRC64()
        sum.append(bytes)
        return sum.value
    }

    /// Entry `b` of table `n` is the contribution of byte `b` to the sum if `n` zero bytes follow.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var sum = UInt64(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x95AC_9329_AC4B_C9B5 : sum >> 1 }
            tables[byte] = sum
        }
        for place in 256..<8 * 256 {
            let before = tables[place - 256]
            tables[place] = tables[Int(before & 255)] ^ before >> 8
        }
        return tables
    }()
}
