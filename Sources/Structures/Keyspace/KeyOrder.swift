public import Primitives

/// Positions put in the order of 64-bit keys: a radix sort, byte by byte from the lowest, of which
/// only those bytes are looked at in which keys differ.
///
/// ```text
/// keys      00 00 03 | 00 01 02 | 00 01 00        the middle and the last byte differ
/// by last   00 01 00 | 00 01 02 | 00 00 03
/// by middle 00 00 03 | 00 01 00 | 00 01 02
/// ```
/// Equal keys keep their order. A thousand numbers below a million take four rounds.
public enum KeyOrder {
    /// A position with what it is sorted by.
    public struct Item: BitwiseCopyable, Sendable {
        /// What decides.
        public var key: UInt64
        /// Whose key it is.
        public var position: UInt32

        /// Joins the two.
        public init(key: UInt64, position: UInt32) {
            self.key = key
            self.position = position
        }
    }

    /// Below so many, comparing costs less than counting.
    private static let radixFrom = 64

    /// Sorts `items` by their keys.
    ///
    /// Complexity: O(n), with as much memory again.
    public static func sort(_ items: inout [Item]) {
        guard items.count >= radixFrom else {
            items.sort { $0.key < $1.key }
            return
        }
        var differing: UInt64 = 0
        let first = items[0].key
        for item in items { differing |= item.key ^ first }
        var target = items
        for shift in stride(from: UInt64(0), to: 64, by: 8) where differing >> shift & 0xFF != 0 {
            distribute(items, to: &target, shift)
            swap(&items, &target)
        }
    }

    /// Copies `source` to `target` in the order of one byte.
    private static func distribute(_ source: [Item], to target: inout [Item], _ shift: UInt64) {
        var places = InlineArray<256, UInt32>(repeating: 0)
        for item in source { places[Int(item.key >> shift & 0xFF)] &+= 1 }
        var place: UInt32 = 0
        for byte in 0..<256 {
            let count = places[byte]
            places[byte] = place
            place &+= count
        }
        for item in source {
            let byte = Int(item.key >> shift & 0xFF)
            target[Int(places[byte])] = item
            places[byte] &+= 1
        }
    }

    /// A key that sorts as `number` does; both zeros give the same.
    ///
    /// Precondition: a number.
    public static func key(_ number: Double) -> UInt64 { ScoreOrder.bits(number) }

    /// A key that sorts as `bytes` do, as far as the first eight decide; else it is the same.
    public static func key(_ bytes: Bytes) -> UInt64 { bytes.leadingWord }
}
