/// The order in which a worker visits the partitions to evict keys.
///
/// Every partition loses the same share of its keys, regardless of what is written where: a
/// partition with a few large values is not emptied because others have many small ones.
struct EvictionRound {
    /// The partition to visit next.
    var next: Int
    /// The largest number of evictable keys in a partition visited recently.
    private var largest = 0.0

    /// Starts at a partition.
    init(from start: Int) { next = start }

    /// How many of its `count` evictable keys a partition loses in this visit, up to `most`.
    ///
    /// `chance` is a random number in 0..<1.
    mutating func share(of count: Int, most: Int, chance: Double) -> Int {
        assert(count > 0 && most > 0, "there is nothing to evict")
        largest = max(Double(count), largest * 63 / 64)
        return min(most, count, Int(Double(most * count) / largest + chance))
    }
}
