internal import Primitives

/// The keys with the largest sums, found in bounded memory.
///
/// A new key replaces the one with the smallest sum and inherits it: a sum may be too high by at
/// most the smallest sum reported, but never too low.
/// Source: Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k
/// elements in data streams", 2005.
struct HeavyHitters {
    private let capacity: Int
    private var amounts: [[UInt8]: UInt64] = [:]

    /// Room for `capacity` keys.
    init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// Adds to the sum of a key.
    ///
    /// Complexity: O(1) for a known key, O(capacity) for a new one.
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

    /// The `count` keys with the largest sums, largest first.
    func top(_ count: Int) -> [(key: [UInt8], amount: UInt64)] {
        let sorted = amounts.sorted {
            $0.value == $1.value
                ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value
        }
        return sorted.prefix(count).map { ($0.key, $0.value) }
    }
}
