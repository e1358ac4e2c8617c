internal import Primitives
internal import Store
internal import Structures

/// The walk over a large set, hash or sorted set, whose members may change meanwhile.
///
/// Members are written region by region; those of a sorted set by score, as loading is faster then.
/// Before a member changes, what is yet to be written of its region is written *early*.
struct MemberWalk {
    private let regions: EntryTable.Regions
    /// The next region to write.
    private var next = 0
    /// One bit per region written early; empty if there is none.
    private var early: [UInt64] = []
    /// The last member of a sorted set that the walk has reached.
    private var last: (score: Double, member: [UInt8])?
    /// Whether everything has been written.
    private(set) var isThrough = false

    /// Begins with the collection at `slot`; nil if it has no table.
    init?(_ slot: Shard.Slot) {
        guard let regions = slot.shard.regions(of: slot) else { return nil }
        self.regions = regions
    }

    /// Writes the next region with `write`.
    mutating func writeRegion(_ slot: Shard.Slot, _ write: (Entry) -> Void) {
        if !isEarly(next) {
            slot.shard.forEachMember(of: slot, inRegion: next, of: regions, write)
        }
        next += 1
        isThrough = next == regions.count
    }

    /// Writes up to `limit` members of a sorted set by score.
    mutating func writeSorted(_ slot: Shard.Slot, _ writer: inout RDBWriter, limit: Int) {
        let set = SortedSetValue(slot)
        var left = limit
        var reached: (score: Double, member: Bytes)?
        func visit(_ member: Bytes, _ score: Double) -> Bool {
            guard left > 0 else { return false }
            left -= 1
            reached = (score, member)
            if early.isEmpty || !isEarly(regions.region(of: slot.shard.hash(member))) {
                writer.string(member)
                writer.score(score)
            }
            return true
        }
        if let last {
            last.member.withBytes { name in
                set.walk(from: OrderedBound(score: last.score, member: name)) { member, score in
                    score == last.score && member == name || visit(member, score)
                }
            }
        } else {
            set.walk(from: 0, limit: limit, visit)
        }
        if let reached { last = (reached.score, reached.member.array) }
        isThrough = left > 0
    }

    /// Writes with `write` what is yet to be written of the region of `member`.
    mutating func writeEarly(_ member: Bytes, _ slot: Shard.Slot, _ write: (Entry) -> Void) {
        let region = regions.region(of: slot.shard.hash(member))
        guard !isThrough, region >= next, !isEarly(region) else { return }
        if early.isEmpty { early = Array(repeating: 0, count: (regions.count + 63) / 64) }
        early[region >> 6] |= 1 << UInt64(region & 63)
        slot.shard.forEachMember(of: slot, inRegion: region, of: regions) { entry in
            if !hasReached(entry) { write(entry) }
        }
    }

    private func isEarly(_ region: Int) -> Bool {
        !early.isEmpty && early[region >> 6] >> UInt64(region & 63) & 1 == 1
    }

    /// Whether the walk over a sorted set has reached a member.
    private func hasReached(_ entry: Entry) -> Bool {
        guard let last else { return false }
        guard entry.score == last.score else { return entry.score < last.score }
        return last.member.withBytes { entry.key.compare($0) <= 0 }
    }
}
