public import Primitives

/// Sorts positions by 64-bit keys with a radix sort, from the lowest byte up.
///
/// It skips bytes in which all keys agree.
///
/// ```text
/// keys      00 00 03 | 00 01 02 | 00 01 00        the middle and the last byte differ
/// by last   00 01 00 | 00 01 02 | 00 00 03
/// by middle 00 00 03 | 00 01 00 | 00 01 02
/// ```
/// The sort is stable. A thousand numbers below a million take four passes.
public enum KeyOrder {
    /// A position and its sort key.
    public struct Item: BitwiseCopyable, Sendable {
        /// The sort key.
        public var key: UInt64
        /// The position that the key belongs to.
        public var position: UInt32

        /// Creates an item.
        public init(key: UInt64, position: UInt32) {
            self.key = key
            self.position = position
        }
    }

    /// Below this count, comparison sorting is cheaper than counting.
    private static let radixFrom = 64

    /// Sorts `items` by key.
    ///
    /// Complexity: O(n) time and O(n) additional memory.
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

    /// Distributes `source` to `target`, ordered by one byte of the key.
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

    /// A key that sorts as `number` does; both zeros have the same key.
    ///
    /// Precondition: `number` is not NaN.
    public static func key(_ number: Double) -> UInt64 { ScoreOrder.bits(number) }

    /// A key that sorts as `bytes` do; equal if their first eight bytes are.
    public static func key(_ bytes: Bytes) -> UInt64 { bytes.leadingWord }
}
