internal import Primitives

/// Checks all invariants of the table; for tests.
extension EntryTable {
    /// Whether all invariants hold.
    ///
    /// `hasExpiries` says whether the entries' words are expiries, which the hints must cover.
    ///
    /// Complexity: O(entries).
    public func isValid(_ arena: borrowing Arena, hasExpiries: Bool) -> Bool {
        guard bucketCount > 0 else { return count == 0 && directory.isNone }
        guard bucketCount > levelMask, bucketCount >> 1 <= levelMask,
            levelMask & (levelMask + 1) == 0,
            (bucketCount - 1) >> EntryTable.segmentShift < directoryCapacity
        else { return false }
        var total = 0
        for index in 0..<bucketCount {
            guard let entries = validCount(ofBucket: index, arena, hasExpiries) else {
                return false
            }
            total += entries
        }
        return total == count
    }

    /// The number of entries in a bucket's chain, or nil if an invariant is broken there.
    private func validCount(
        ofBucket index: UInt32,
        _ arena: borrowing Arena,
        _ hasExpiries: Bool
    ) -> Int? {
        var cell = bucketCell(index, arena)
        var total = 0
        while true {
            var inCell = 0
            for slot in 0..<slotCount(cell) where cell.byte(slot) != 0 {
                inCell += 1
                let entry = Entry(arena.cell(Handle(units: cell.load(16 + slot * 4))))
                let hash = arena.hasher(entry.key)
                guard hash.tag == cell.byte(slot), bucket(of: hash) == index else { return nil }
                if hasExpiries, let expiry = entry.expiry, !isCovered(expiry, index, arena) {
                    return nil
                }
            }
            total += inCell
            guard isChained(cell) else { return total }
            // The slot of a link has tag zero, as it holds no entry.
            guard cell.byte(EntryTable.linkSlot) == 0, !link(cell).isNone else { return nil }
            cell = arena.cell(link(cell))
        }
    }

    private func isCovered(_ expiry: Int64, _ index: UInt32, _ arena: borrowing Arena) -> Bool {
        let hint = hint(index, arena)
        let record = segmentRecord(index >> EntryTable.segmentShift, arena)
        return hint <= Tick.containing(expiry) && record.earliest <= hint
    }
}
