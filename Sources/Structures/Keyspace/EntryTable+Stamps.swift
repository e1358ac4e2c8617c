public import Primitives

/// Access stamps: when, or how often, entries were used; one per slot, in tables that keep them.
///
/// ```text
/// head of a chain   64 × 12 stamps in a block of the segment: record ─▶ stamps
/// chained bucket    88 bytes: the 64 of a bucket, then its 12 stamps
/// ```
/// Stamps move with their entries. Those of free slots are meaningless.
extension EntryTable {
    @usableFromInline static let stampBytes = 24

    /// The 12 stamps of a bucket in the chain of bucket `index`.
    @inlinable
    @inline(__always)
    func stamps(of cell: Cell, _ index: UInt32, _ arena: borrowing Arena) -> Cell {
        assert(isStamped, "the table keeps stamps")
        let record = arena.cell(directory).advanced(by: Int(index >> 6) << 4)
        let place = Int(index & 63)
        let head = arena.cell(Handle(units: record.load(0))).advanced(by: place << 6)
        guard _fastPath(cell.isSame(as: head)) else { return cell.advanced(by: 64) }
        return arena.cell(Handle(units: record.load(12)))
            .advanced(by: place &* EntryTable.stampBytes)
    }

    /// The stamp of an entry.
    @inlinable
    @inline(__always)
    public func stamp(_ location: Location, _ arena: borrowing Arena) -> AccessStamp {
        let stamps = stamps(of: location.cell, location.bucket, arena)
        return AccessStamp(bits: stamps.load(location.slot &* 2))
    }

    /// Replaces the stamp of an entry; does not write if it is the same.
    @inlinable
    @inline(__always)
    public func setStamp(
        _ location: Location,
        _ stamp: AccessStamp,
        _ arena: borrowing Arena
    ) {
        let stamps = stamps(of: location.cell, location.bucket, arena)
        if stamps.load(location.slot &* 2, as: UInt16.self) != stamp.bits {
            stamps.store(stamp.bits, location.slot &* 2)
        }
    }

    /// Copies an entry's stamp and state from one slot to another; each bucket is in the given
    /// chain.
    func carryUses(
        from source: (cell: Cell, slot: Int, chain: UInt32),
        to target: (cell: Cell, slot: Int, chain: UInt32),
        _ arena: borrowing Arena
    ) {
        guard isStamped else { return }
        let bits: UInt16 = stamps(of: source.cell, source.chain, arena).load(source.slot * 2)
        stamps(of: target.cell, target.chain, arena).store(bits, target.slot * 2)
        guard arena.keepsStates else { return }
        target.cell.setState(source.cell.state(source.slot), target.slot)
    }

    /// The number of segments, for iterating over all stamps.
    public var segmentTotal: Int {
        (Int(bucketCount) + 63) >> Int(EntryTable.segmentShift)
    }

    /// Replaces each stamp in a segment by the result of `body`.
    ///
    /// Complexity: O(64 buckets).
    @inlinable
    public func updateStamps(
        inSegment segment: Int,
        _ arena: borrowing Arena,
        _ body: (AccessStamp) -> AccessStamp
    ) {
        let start = UInt32(segment) << 6
        for index in start..<min(start &+ 64, bucketCount) {
            var cell = bucketCell(index, arena)
            while true {
                let stamps = stamps(of: cell, index, arena)
                for slot in 0..<12 {
                    let old = AccessStamp(bits: stamps.load(slot &* 2))
                    let new = body(old)
                    if new != old { stamps.store(new.bits, slot &* 2) }
                }
                guard cell.load(12, as: UInt32.self) & (1 << 24) != 0 else { break }
                cell = arena.cell(Handle(units: cell.load(16 &+ EntryTable.linkSlot &* 4)))
            }
        }
    }
}
