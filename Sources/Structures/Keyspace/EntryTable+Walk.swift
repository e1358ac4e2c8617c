public import Primitives

/// Iteration: over the whole table, by cursor, or at random.
extension EntryTable {
    /// The number of buckets, for iterating in bucket order.
    public var bucketTotal: Int { Int(bucketCount) }

    /// The size of the table itself in bytes: directory, buckets and stamps (`main`), and hints.
    ///
    /// Chained buckets are not counted.
    ///
    /// Complexity: O(buckets / 64).
    public func ownByteCount(_ arena: borrowing Arena) -> (main: Int, hints: Int) {
        guard bucketCount > 0 else { return (0, 0) }
        var hints = 0
        for segment in 0..<segmentTotal {
            let record = segmentRecord(UInt32(segment), arena)
            if !record.hints.isNone { hints += 64 * 4 }
        }
        let first = segmentRecord(0, arena)
        let each = EntryTable.bucketBytes + (isStamped ? EntryTable.stampBytes : 0)
        let main =
            arena.capacity(directory) + arena.capacity(first.buckets)
            + (isStamped ? arena.capacity(first.stamps) : 0) + (segmentTotal - 1) * 64 * each
        return (main, hints)
    }

    /// Calls `body` with each entry in the chain of bucket `index`.
    ///
    /// `body` must not change the table.
    @inlinable
    public func forEach(
        inBucket index: Int,
        _ arena: borrowing Arena,
        _ body: (Location) -> Void
    ) {
        let number = UInt32(index)
        var cell = bucketCell(number, arena)
        while true {
            let chained = cell.load(12, as: UInt32.self) & (1 << 24) != 0
            for slot in 0..<(chained ? EntryTable.linkSlot : 12) where cell.byte(slot) != 0 {
                let entry = Entry(arena.cell(Handle(units: cell.load(16 &+ slot &* 4))))
                body(Location(cell: cell, slot: slot, bucket: number, entry: entry))
            }
            guard chained else { return }
            cell = arena.cell(Handle(units: cell.load(16 &+ EntryTable.linkSlot &* 4)))
        }
    }

    /// Calls `body` with each entry, in bucket order.
    ///
    /// `body` must not change the table.
    @inlinable
    public func forEach(_ arena: borrowing Arena, _ body: (Location) -> Void) {
        guard count > 0 else { return }
        for index in 0..<bucketTotal { forEach(inBucket: index, arena, body) }
    }

    /// Calls `body` with the entries of the scan's next bucket.
    ///
    /// Returns the next cursor, zero at the end. A scan from cursor 0 to cursor 0 visits every
    /// entry that was present throughout at least once, whatever is added, removed, split or merged
    /// in between: cursors count in reversed bits, so that a bucket and those split off it are
    /// visited together.
    ///
    /// Source: P. Noordhuis' cursor of Redis' SCAN.
    @inlinable
    public func scan(
        _ cursor: UInt64,
        _ arena: borrowing Arena,
        _ body: (Location) -> Void
    ) -> UInt64 {
        guard count > 0 else { return 0 }
        let mask = UInt64(levelMask)
        let lower = Int(cursor & mask)
        forEach(inBucket: lower, arena, body)
        let upper = lower + Int(mask) + 1
        if upper < bucketTotal { forEach(inBucket: upper, arena, body) }
        return EntryTable.successor(cursor, mask)
    }

    /// The cursor after `cursor`: its bits under `mask`, incremented from the top.
    @inlinable
    static func successor(_ cursor: UInt64, _ mask: UInt64) -> UInt64 {
        var reversed = EntryTable.reversedBits(cursor | ~mask)
        reversed &+= 1
        return EntryTable.reversedBits(reversed)
    }

    @inlinable
    static func reversedBits(_ value: UInt64) -> UInt64 {
        var bits = value.byteSwapped
        bits = (bits >> 4) & 0x0F0F_0F0F_0F0F_0F0F | (bits & 0x0F0F_0F0F_0F0F_0F0F) << 4
        bits = (bits >> 2) & 0x3333_3333_3333_3333 | (bits & 0x3333_3333_3333_3333) << 2
        return (bits >> 1) & 0x5555_5555_5555_5555 | (bits & 0x5555_5555_5555_5555) << 1
    }

    /// A uniformly random entry, or nil if the table is empty.
    ///
    /// Picks a random bucket and a position below 48, and retries if there is no entry at that
    /// position, so that entries in long chains are as likely as those in short ones. Picks eight
    /// at a time, so that their cache misses overlap. Tables that could not split or merge as they
    /// should have (chains longer than 48, hardly any entries) fall back to counting through the
    /// buckets.
    ///
    /// Complexity: O(1) expected, O(buckets) in the fallback.
    public func random(_ arena: borrowing Arena, _ source: inout FastRandom) -> Location? {
        guard count > 0 else { return nil }
        let rounds = count > EntryTable.fairEntriesPerBucket * bucketTotal ? 0 : 64
        var buckets = InlineArray<8, UInt32>(repeating: 0)
        for _ in 0..<rounds {
            for index in 0..<8 {
                buckets[index] = UInt32(source.below(bucketTotal))
                prefetchBucket(number: buckets[index], arena)
            }
            for index in 0..<8 {
                var place = source.below(EntryTable.placesDrawn)
                if let found = location(&place, inBucket: buckets[index], arena) { return found }
            }
        }
        var place = source.below(count)
        for bucket in 0..<bucketCount {
            if let found = location(&place, inBucket: bucket, arena) { return found }
        }
        preconditionFailure("the table counts more entries than it has")
    }

    /// The number of positions that `random` picks from in a chain.
    private static let placesDrawn = 48
    /// Up to this mean, fewer than one chain in billions is longer than `placesDrawn`.
    private static let fairEntriesPerBucket = 8

    /// The entry at position `place` in a bucket's chain.
    ///
    /// Nil if the chain is shorter; its length is then subtracted from `place`.
    private func location(
        _ place: inout Int,
        inBucket bucket: UInt32,
        _ arena: borrowing Arena
    ) -> Location? {
        var cell = bucketCell(bucket, arena)
        while true {
            var used = usedSlots(cell)
            let count = used.nonzeroBitCount
            if place < count {
                for _ in 0..<place { used &= used - 1 }
                let slot = used.trailingZeroBitCount
                let entry = Entry(arena.cell(Handle(units: cell.load(16 + slot * 4))))
                return Location(cell: cell, slot: slot, bucket: bucket, entry: entry)
            }
            place -= count
            guard isChained(cell) else { return nil }
            cell = arena.cell(link(cell))
        }
    }
}
