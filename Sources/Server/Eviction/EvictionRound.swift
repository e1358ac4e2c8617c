/// How a worker goes round the partitions when keys have to go.
///
/// Every partition gives up a part of its keys that is as large as those of the others, whatever is
/// written where: one with few large values is not stripped of them because others have many small
/// ones.
struct EvictionRound {
    /// The partition that comes next.
    var next: Int
    /// The most keys that may go of any partition visited of late.
    private var largest = 0.0

    /// Begins at a partition.
    init(from start: Int) { next = start }

    /// How many keys a partition with `count` that may go gives up in this visit, up to `most`;
    /// `chance` is drawn from 0..<1.
    mutating func share(of count: Int, most: Int, chance: Double) -> Int {
        assert(count > 0 && most > 0, "there are keys, and some have to go")
        largest = max(Double(count), largest * 63 / 64)
        return min(most, count, Int(Double(most * count) / largest + chance))
    }
}
