internal import Primitives
internal import CSupport

/// Growing and shrinking by one bucket at a time, and chains of overflowing buckets.
extension EntryTable {
    /// A record of the directory, laid out as drawn at the type.
    struct SegmentRecord {
        let cell: Cell
        var buckets: Handle {
            get { Handle(units: cell.load(0)) }
            nonmutating set { cell.store(newValue.units, 0) }
        }
        var hints: Handle {
            get { Handle(units: cell.load(4)) }
            nonmutating set { cell.store(newValue.units, 4) }
        }
        var earliest: UInt32 {
            get { cell.load(8) }
            nonmutating set { cell.store(newValue, 8) }
        }
        var stamps: Handle {
            get { Handle(units: cell.load(12)) }
            nonmutating set { cell.store(newValue.units, 12) }
        }
    }

    func segmentRecord(_ segment: UInt32, _ arena: borrowing Arena) -> SegmentRecord {
        SegmentRecord(
            cell: arena.cell(directory).advanced(by: Int(segment) * EntryTable.segmentRecordBytes)
        )
    }

    func isChained(_ cell: Cell) -> Bool {
        cell.load(12, as: UInt32.self) & EntryTable.chained != 0
    }

    func link(_ cell: Cell) -> Handle {
        Handle(units: cell.load(16 + EntryTable.linkSlot * 4))
    }

    // MARK: Segments

    mutating func openFirstBucket(_ arena: inout Arena) {
        assert(bucketCount == 0 && count == 0, "an empty table has no buckets")
        assert(directory.isNone, "an empty table has no directory")
        directoryCapacity = 1
        directory = arena.allocate(EntryTable.segmentRecordBytes)
        let record = segmentRecord(0, arena)
        fill(record, buckets: 1, &arena)
        arena.cell(record.buckets).zero(0, EntryTable.bucketBytes)
        bucketCount = 1
        levelMask = 0
        // The bucket did not exist when the watch began.
        markSeen(0, arena)
    }

    /// Allocates the blocks of a segment's record, with room for `buckets` buckets.
    private func fill(_ record: SegmentRecord, buckets: Int, _ arena: inout Arena) {
        record.buckets = arena.allocate(buckets * EntryTable.bucketBytes)
        record.stamps = isStamped ? arena.allocate(buckets * EntryTable.stampBytes) : .none
        record.hints = .none
        record.earliest = .max
    }

    /// Creates bucket number `bucketCount` and counts it.
    private mutating func openBucket(_ arena: inout Arena) {
        let index = bucketCount
        assert(index > 0, "the first bucket is opened elsewhere")
        assert(index < UInt32.max, "buckets have 32-bit numbers")
        let segment = index >> EntryTable.segmentShift
        if index & 63 == 0 {
            openSegment(segment, &arena)
        } else if segment == 0, index & (index - 1) == 0 {
            growFirstSegment(&arena)
        }
        bucketCount += 1
        if bucketCount == (levelMask + 1) * 2 { levelMask = levelMask << 1 | 1 }
        bucketCell(index, arena).zero(0, EntryTable.bucketBytes)
    }

    /// Doubles the first segment, from 1 to 64 buckets, so that a small table stays small.
    private func growFirstSegment(_ arena: inout Arena) {
        assert(bucketCount < 64 && bucketCount & (bucketCount - 1) == 0, "the segment is full")
        let record = segmentRecord(0, arena)
        assert(!record.buckets.isNone, "the first segment is open")
        let used = Int(bucketCount) * EntryTable.bucketBytes
        record.buckets = arena.reallocate(record.buckets, used * 2, keeping: used)
        guard isStamped else { return }
        let stamped = Int(bucketCount) * EntryTable.stampBytes
        record.stamps = arena.reallocate(record.stamps, stamped * 2, keeping: stamped)
    }

    private mutating func openSegment(_ segment: UInt32, _ arena: inout Arena) {
        assert(segment > 0 && segment <= directoryCapacity, "segments are opened in order")
        assert(bucketCount & 63 == 0, "the previous segment is full")
        if segment == directoryCapacity {
            directoryCapacity *= 2
            let bytes = Int(segment) * EntryTable.segmentRecordBytes
            directory = arena.reallocate(directory, bytes * 2, keeping: bytes)
        }
        fill(segmentRecord(segment, arena), buckets: 1 << EntryTable.segmentShift, &arena)
    }

    private mutating func closeLastBucket(_ arena: inout Arena) {
        precondition(bucketCount > 0, "there is a last bucket")
        assert(!directory.isNone, "buckets are listed in a directory")
        bucketCount -= 1
        guard bucketCount & 63 == 0 else { return }
        let record = segmentRecord(bucketCount >> EntryTable.segmentShift, arena)
        arena.free(record.buckets)
        if !record.hints.isNone { arena.free(record.hints) }
        if !record.stamps.isNone { arena.free(record.stamps) }
    }

    /// Opens the buckets that `total` entries need, in an empty table; later inserts split none.
    ///
    /// Complexity: O(`total`).
    public mutating func reserve(_ total: Int, _ arena: inout Arena) {
        precondition(count == 0, "entries would have to move to the new buckets")
        let wanted = UInt32(clamping: total / EntryTable.halfEntriesPerBucketMax * 2)
        if bucketCount == 0, wanted > 0 { openFirstBucket(&arena) }
        while bucketCount < wanted {
            openBucket(&arena)
            markSeen(Int(bucketCount) - 1, arena)
        }
    }

    // MARK: Split and merge

    /// Opens a new bucket and moves entries to it from its buddy.
    mutating func split(_ arena: inout Arena) {
        let newIndex = bucketCount
        let levelCount = levelMask + 1
        let oldIndex = newIndex - levelCount
        assert(oldIndex < newIndex, "a bucket is split off an earlier one")
        openBucket(&arena)
        setEpochBits(newIndex, epochBits(oldIndex, arena), arena)
        prefetchChain(bucketCell(oldIndex, arena), arena)
        let hadExpiry = hint(oldIndex, arena)
        if hadExpiry != .max { note(tick: hadExpiry, newIndex, &arena) }

        let oldCell = bucketCell(oldIndex, arena)
        var cell = oldCell
        while true {
            for slot in 0..<slotCount(cell) {
                guard cell.byte(slot) != 0 else { continue }
                let handle = Handle(units: cell.load(16 + slot * 4))
                let hash = arena.hasher(Entry(arena.cell(handle)).key)
                guard UInt32(truncatingIfNeeded: hash.bits) & levelCount != 0 else { continue }
                move(cell, slot, of: oldIndex, to: newIndex, &arena)
            }
            guard isChained(cell) else { break }
            cell = arena.cell(link(cell))
        }
        if isChained(oldCell) { trimChain(oldIndex, &arena) }
    }

    private func prefetchChain(_ head: Cell, _ arena: borrowing Arena) {
        for slot in 0..<slotCount(head) where head.byte(slot) != 0 {
            // SAFETY: a prefetch never faults.
            unsafe apus_prefetch(arena.cell(Handle(units: head.load(16 + slot * 4))).base)
        }
    }

    /// Closes the last bucket and moves its entries to its buddy.
    mutating func mergeLast(_ arena: inout Arena) {
        precondition(bucketCount > 1, "the first bucket has no buddy")
        let last = bucketCount - 1
        let target = buddy(ofLast: last)
        assert(target < last, "a bucket is merged into an earlier one")
        if last == levelMask { levelMask >>= 1 }
        let expiry = hint(last, arena)
        if expiry != .max { note(tick: expiry, target, &arena) }
        var cell = bucketCell(last, arena)
        var node = Handle.none
        while true {
            for slot in 0..<slotCount(cell) where cell.byte(slot) != 0 {
                move(cell, slot, of: last, to: target, &arena)
            }
            let next = isChained(cell) ? link(cell) : .none
            if !node.isNone { arena.free(node) }
            guard !next.isNone else { break }
            node = next
            cell = arena.cell(next)
        }
        closeLastBucket(&arena)
    }

    // MARK: Chains

    /// The number of slots for entries: all, or all but the link.
    func slotCount(_ cell: Cell) -> Int {
        isChained(cell) ? EntryTable.linkSlot : EntryTable.slotCount
    }

    /// Moves the entry in a slot from the chain of bucket `source` to that of bucket `target`.
    private func move(
        _ cell: Cell,
        _ slot: Int,
        of source: UInt32,
        to target: UInt32,
        _ arena: inout Arena
    ) {
        assert(source != target, "an entry moves to another chain")
        assert(cell.byte(slot) != 0, "the slot is empty")
        let place = place(Handle(units: cell.load(16 + slot * 4)), cell.byte(slot), target, &arena)
        cell.store(UInt8(0), slot)
        carryUses(from: (cell, slot, source), to: (place.cell, place.slot, target), arena)
    }

    /// Puts a handle into the first free slot in the chain of bucket `index`.
    ///
    /// Lengthens the chain if it is full.
    func place(
        _ handle: Handle,
        _ tag: UInt8,
        _ index: UInt32,
        _ arena: inout Arena
    ) -> (cell: Cell, slot: Int) {
        assert(index < bucketCount, "no such bucket")
        assert(tag != 0 && !handle.isNone, "zero marks a free slot")
        var cell = bucketCell(index, arena)
        while true {
            // SAFETY: a bucket has 64 readable bytes.
            let free = unsafe apus_match12(cell.base, 0) & (1 << UInt32(slotCount(cell)) - 1)
            if free != 0 {
                let slot = free.trailingZeroBitCount
                cell.store(tag, slot)
                cell.store(handle.units, 16 + slot * 4)
                return (cell, slot)
            }
            if isChained(cell) {
                cell = arena.cell(link(cell))
            } else {
                cell = lengthen(cell, index, &arena)
            }
        }
    }

    /// Appends a bucket to a full chain and moves the last entry there, which frees a slot for the
    /// link.
    private func lengthen(_ cell: Cell, _ index: UInt32, _ arena: inout Arena) -> Cell {
        assert(!isChained(cell), "the cell is the last of its chain")
        assert(usedSlots(cell) == 0xFFF, "only a full chain gets longer")
        let stampBytes = isStamped ? EntryTable.stampBytes : 0
        let node = arena.allocate(EntryTable.bucketBytes + stampBytes)
        let target = arena.cell(node)
        target.zero(0, EntryTable.bucketBytes)
        target.store(cell.byte(EntryTable.linkSlot), 0)
        target.store(link(cell).units, 16)
        carryUses(from: (cell, EntryTable.linkSlot, index), to: (target, 0, index), arena)
        cell.store(UInt8(0), EntryTable.linkSlot)
        cell.store(node.units, 16 + EntryTable.linkSlot * 4)
        cell.store(cell.load(12, as: UInt32.self) | EntryTable.chained, 12)
        return target
    }

    /// Moves the entries of a chain to its front and frees emptied buckets.
    func trimChain(_ index: UInt32, _ arena: inout Arena) {
        assert(index < bucketCount, "no such bucket")
        var cell = bucketCell(index, arena)
        while isChained(cell) {
            let node = link(cell)
            let next = arena.cell(node)
            pull(from: next, into: cell, of: index, arena)
            // SAFETY: a bucket has 64 readable bytes.
            guard unsafe apus_match12(next.base, 0).nonzeroBitCount == EntryTable.slotCount else {
                cell = next
                continue
            }
            if isChained(next) {
                cell.store(link(next).units, 16 + EntryTable.linkSlot * 4)
            } else {
                cell.store(cell.load(12, as: UInt32.self) & ~EntryTable.chained, 12)
                cell.store(UInt32(0), 16 + EntryTable.linkSlot * 4)
            }
            arena.free(node)
        }
    }

    /// Fills the free slots of a chained bucket with entries of the next one.
    private func pull(
        from next: Cell,
        into cell: Cell,
        of index: UInt32,
        _ arena: borrowing Arena
    ) {
        assert(isChained(cell), "the cell is chained")
        assert(!cell.isSame(as: next), "a chain has no loop")
        // SAFETY: a bucket has 64 readable bytes.
        var free = unsafe apus_match12(cell.base, 0) & (1 << UInt32(EntryTable.linkSlot) - 1)
        for slot in 0..<slotCount(next) where next.byte(slot) != 0 && free != 0 {
            let target = free.trailingZeroBitCount
            free &= free - 1
            cell.store(next.byte(slot), target)
            cell.store(next.load(16 + slot * 4, as: UInt32.self), 16 + target * 4)
            carryUses(from: (next, slot, index), to: (cell, target, index), arena)
            next.store(UInt8(0), slot)
        }
    }

    /// Frees all memory of the table itself (not of the entries) and leaves it empty.
    ///
    /// Complexity: O(buckets).
    public mutating func destroy(_ arena: inout Arena) {
        while bucketCount > 0 { closeLast(&arena) }
        assert(bucketCount == 0, "all buckets are closed")
        self = EntryTable(isStamped: isStamped)
    }

    /// Frees the last bucket and its chain: one step of `destroy`.
    ///
    /// The caller must have dealt with its entries. Afterwards only `destroy` and `isDestroyed` may
    /// be called.
    public mutating func closeLast(_ arena: inout Arena) {
        guard bucketCount > 0 else { return }
        let cell = bucketCell(bucketCount - 1, arena)
        var node = isChained(cell) ? link(cell) : .none
        while !node.isNone {
            let next = isChained(arena.cell(node)) ? link(arena.cell(node)) : .none
            arena.free(node)
            node = next
        }
        closeLastBucket(&arena)
        if bucketCount == 0 { arena.free(directory) }
    }

    /// As `closeLast`, but frees the bucket's entries too; calls `willFree` with each first.
    ///
    /// Returns the number of blocks freed, at least one.
    public mutating func destroyLast(
        _ arena: inout Arena,
        _ willFree: (Entry) -> Void = { _ in }
    ) -> Int {
        guard bucketCount > 0 else { return 1 }
        var cell = bucketCell(bucketCount - 1, arena)
        var freed = 1
        while true {
            for slot in 0..<slotCount(cell) where cell.byte(slot) != 0 {
                let handle = Handle(units: cell.load(16 + slot * 4))
                willFree(Entry(arena.cell(handle)))
                arena.free(handle)
                freed += 1
            }
            guard isChained(cell) else { break }
            cell = arena.cell(link(cell))
            freed += 1
        }
        closeLast(&arena)
        return freed
    }

    /// Whether `closeLast` has nothing left to close.
    public var isDestroyed: Bool { bucketCount == 0 }
}
