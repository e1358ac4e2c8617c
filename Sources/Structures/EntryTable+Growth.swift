internal import Primitives
internal import CSupport

/// Growing and shrinking by one bucket at a time, and the chains of buckets that overflow.
extension EntryTable {
    /// One record of the directory, by the drawing of the type.
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
        directoryCapacity = 1
        directory = arena.allocate(EntryTable.segmentRecordBytes)
        let record = segmentRecord(0, arena)
        record.buckets = arena.allocate(EntryTable.bucketBytes)
        record.hints = .none
        record.earliest = .max
        arena.cell(record.buckets).zero(0, EntryTable.bucketBytes)
        bucketCount = 1
        levelMask = 0
    }

    /// Makes room for bucket number `bucketCount` and counts it.
    private mutating func openBucket(_ arena: inout Arena) -> Cell {
        let index = bucketCount
        let segment = index >> EntryTable.segmentShift
        if index & 63 == 0 {
            openSegment(segment, &arena)
        } else if segment == 0, index & (index - 1) == 0 {
            growFirstSegment(&arena)
        }
        bucketCount += 1
        let cell = bucketCell(index, arena)
        cell.zero(0, EntryTable.bucketBytes)
        return cell
    }

    /// The first segment holds 1, 2, 4 … 64 buckets, so that a small table stays small.
    private func growFirstSegment(_ arena: inout Arena) {
        let record = segmentRecord(0, arena)
        let used = Int(bucketCount) * EntryTable.bucketBytes
        let target = arena.allocate(used * 2)
        arena.cell(target).put(arena.cell(record.buckets).bytes(0, used), 0)
        arena.free(record.buckets)
        record.buckets = target
    }

    private mutating func openSegment(_ segment: UInt32, _ arena: inout Arena) {
        if segment == directoryCapacity {
            directoryCapacity *= 2
            let bytes = Int(segment) * EntryTable.segmentRecordBytes
            directory = arena.reallocate(directory, bytes * 2, keeping: bytes)
        }
        let record = segmentRecord(segment, arena)
        record.buckets = arena.allocate(EntryTable.bucketBytes << EntryTable.segmentShift)
        record.hints = .none
        record.earliest = .max
    }

    private mutating func closeLastBucket(_ arena: inout Arena) {
        bucketCount -= 1
        guard bucketCount & 63 == 0 else { return }
        let record = segmentRecord(bucketCount >> EntryTable.segmentShift, arena)
        arena.free(record.buckets)
        if !record.hints.isNone { arena.free(record.hints) }
    }

    // MARK: Split and merge

    /// Opens one bucket and moves to it what belongs there out of its buddy.
    mutating func split(_ arena: inout Arena) {
        let newIndex = bucketCount
        let levelCount = levelMask + 1
        let oldIndex = newIndex - levelCount
        let newCell = openBucket(&arena)
        if bucketCount == levelCount * 2 { levelMask = levelMask << 1 | 1 }
        prefetchChain(bucketCell(oldIndex, arena), arena)
        let hadExpiry = hint(oldIndex, arena)
        if hadExpiry != .max { note(tick: hadExpiry, newIndex, &arena) }

        let oldCell = bucketCell(oldIndex, arena)
        var cell = oldCell
        while true {
            for slot in 0..<slotCount(cell) {
                let tag = cell.byte(slot)
                guard tag != 0 else { continue }
                let handle = Handle(units: cell.load(16 + slot * 4))
                let hash = arena.hasher(Entry(arena.cell(handle)).key)
                guard UInt32(truncatingIfNeeded: hash.bits) & levelCount != 0 else { continue }
                cell.store(UInt8(0), slot)
                place(handle, tag, newCell, &arena)
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

    /// Closes the last bucket and moves what it holds to its buddy.
    mutating func mergeLast(_ arena: inout Arena) {
        let last = bucketCount - 1
        if last == levelMask { levelMask >>= 1 }
        let target = bucketCell(last & levelMask, arena)
        let expiry = hint(last, arena)
        if expiry != .max { note(tick: expiry, last & levelMask, &arena) }
        var cell = bucketCell(last, arena)
        var node = Handle.none
        while true {
            for slot in 0..<slotCount(cell) where cell.byte(slot) != 0 {
                place(Handle(units: cell.load(16 + slot * 4)), cell.byte(slot), target, &arena)
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

    /// The slots that hold entries: all, or all but the link.
    func slotCount(_ cell: Cell) -> Int {
        isChained(cell) ? EntryTable.linkSlot : EntryTable.slotCount
    }

    /// Puts a handle into the first free slot of a chain, lengthening the chain where it is full.
    @discardableResult
    func place(
        _ handle: Handle,
        _ tag: UInt8,
        _ head: Cell,
        _ arena: inout Arena
    ) -> (Cell, Int) {
        var cell = head
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
                cell = lengthen(cell, &arena)
            }
        }
    }

    /// Hangs a new bucket on a full last one, whose last entry moves there.
    private func lengthen(_ cell: Cell, _ arena: inout Arena) -> Cell {
        let node = arena.allocate(EntryTable.bucketBytes)
        let target = arena.cell(node)
        target.zero(0, EntryTable.bucketBytes)
        target.store(cell.byte(EntryTable.linkSlot), 0)
        target.store(link(cell).units, 16)
        cell.store(UInt8(0), EntryTable.linkSlot)
        cell.store(node.units, 16 + EntryTable.linkSlot * 4)
        cell.store(cell.load(12, as: UInt32.self) | EntryTable.chained, 12)
        return target
    }

    /// Moves the entries of a chain to its front and unlinks the buckets that get empty.
    func trimChain(_ index: UInt32, _ arena: inout Arena) {
        var cell = bucketCell(index, arena)
        while isChained(cell) {
            let node = link(cell)
            let next = arena.cell(node)
            pull(from: next, into: cell)
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
    private func pull(from next: Cell, into cell: Cell) {
        // SAFETY: a bucket has 64 readable bytes.
        var free = unsafe apus_match12(cell.base, 0) & (1 << UInt32(EntryTable.linkSlot) - 1)
        for slot in 0..<slotCount(next) where next.byte(slot) != 0 && free != 0 {
            let target = free.trailingZeroBitCount
            free &= free - 1
            cell.store(next.byte(slot), target)
            cell.store(next.load(16 + slot * 4, as: UInt32.self), 16 + target * 4)
            next.store(UInt8(0), slot)
        }
    }

    /// Gives back all memory of the table itself (not of the entries) and leaves it empty.
    /// Complexity: O(buckets).
    public mutating func destroy(_ arena: inout Arena) {
        while bucketCount > 0 { closeLast(&arena) }
        self = EntryTable()
    }

    /// One step of `destroy`: gives back the last bucket with its chain. The entries named in it
    /// must have been taken care of. Afterwards only `destroy` and `isDestroyed` may be called.
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

    /// As `closeLast`, giving back the last bucket's entries too, each announced to `willFree`.
    /// Returns the number of blocks freed, at least one.
    public mutating func destroyLast(
        _ arena: inout Arena, _ willFree: (Entry) -> Void = { _ in }
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
