internal import Primitives

/// The keys that add up to the most, found in bounded memory.
///
/// A new key takes the place of the one with the least so far, and its amount: an amount told may
/// be too high by the least one told, never too low.
/// Source: Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k
/// elements in data streams", 2005.
struct HeavyHitters {
    private let capacity: Int
    private var amounts: [[UInt8]: UInt64] = [:]

    /// Has room for so many keys.
    init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// Adds to what a key has come to.
    ///
    /// Complexity: O(1) for a key that is there, O(capacity) for another one.
    mutating func add(_ key: [UInt8], _ amount: UInt64) {
        if let before = amounts[key] {
            amounts[key] = before &+ amount
        } else if amounts.count < capacity {
            amounts[key] = amount
        } else if let least = amounts.min(by: { $0.value < $1.value }) {
            amounts[least.key] = nil
            amounts[key] = least.value &+ amount
        }
    }

    /// The keys with the most, at most `count`, the greatest first.
    func top(_ count: Int) -> [(key: [UInt8], amount: UInt64)] {
        let sorted = amounts.sorted {
            $0.value == $1.value
                ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value
        }
        return sorted.prefix(count).map { ($0.key, $0.value) }
    }
}
