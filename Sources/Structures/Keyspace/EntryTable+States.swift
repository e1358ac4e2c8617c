public import Primitives

/// How soon an entry is evicted when memory runs out.
///
/// ```text
///            used                     used
/// probation ──────▶ warm ◀────▶ hot ◀──────
///     │              │ ▲         the hand passes: one step to the left
///     ▼              ▼ │ used
///  evicted,       cold ── the hand passes: evicted
///  oldest first
/// ```
public enum EntryState: UInt32, Sendable {
    /// Evicted when the hand arrives; also the state of entries that predate the use of states.
    case cold = 0
    /// Used recently.
    case warm = 1
    /// Used more than once.
    case hot = 2
    /// New and not used since; listed in the `ProbationRing`.
    case probation = 3
}

/// The states of entries: two bits per slot, in tables of arenas that keep states.
///
/// ```text
/// meta of a bucket   23 22   …   3 2   1 0
///                    slot 11     1     0
/// ```
/// They are in the cache line that a lookup has already read. States move with their entries. Those
/// of free slots are meaningless, as are those of slots filled while states were not kept: a state
/// is only a guess at what is worth keeping.
extension EntryTable {
    /// The state of an entry.
    public func state(_ location: Location) -> EntryState { location.cell.state(location.slot) }

    /// Sets the state of an entry.
    @inlinable
    public func setState(_ location: Location, _ state: EntryState) {
        location.cell.setState(state, location.slot)
    }

    /// Records a use of an entry: it becomes warm, or hot if it is warm already and `mayBeHot`.
    ///
    /// Most frequently used entries are hot already, so nothing is written.
    @inlinable
    @inline(__always)
    public func warm(_ location: Location, mayBeHot: Bool) {
        let state = location.cell.state(location.slot)
        if _fastPath(state == .hot) || (state == .warm && !mayBeHot) { return }
        location.cell.setState(state == .warm ? .hot : .warm, location.slot)
    }

    // MARK: Probation

    /// Represents an entry in the `ProbationRing`: enough of its hash to find it again.
    @inlinable
    public static func ticket(of hash: KeyHash) -> UInt32 {
        UInt32(hash.tag) << ticketBits | UInt32(truncatingIfNeeded: hash.bits)
            & (1 << ticketBits - 1)
    }

    @usableFromInline static let ticketBits: UInt32 = 24

    /// The entry on probation with this ticket, or nil.
    ///
    /// An entry with the same part of its hash may be mistaken for it.
    ///
    /// Complexity: O(1), a few times as much in tables of more than 2²⁴ buckets.
    public func probationer(_ ticket: UInt32, _ arena: borrowing Arena) -> Location? {
        guard count > 0 else { return nil }
        let tag = UInt8(ticket >> EntryTable.ticketBits)
        let bits = UInt64(ticket & (1 << EntryTable.ticketBits - 1))
        var index = UInt64(bucket(of: KeyHash(bits: bits)))
        while index < UInt64(bucketCount) {
            if let found = probationer(tag, inBucket: UInt32(index), arena) { return found }
            index += 1 << UInt64(EntryTable.ticketBits)
        }
        return nil
    }

    private func probationer(
        _ tag: UInt8,
        inBucket index: UInt32,
        _ arena: borrowing Arena
    ) -> Location? {
        var cell = bucketCell(index, arena)
        while true {
            for slot in 0..<slotCount(cell)
            where cell.byte(slot) == tag && cell.state(slot) == .probation {
                return location(cell, slot, index, arena)
            }
            guard isChained(cell) else { return nil }
            cell = arena.cell(link(cell))
        }
    }

    /// Prefetches the bucket of the entry with this ticket.
    public func prefetchBucket(ofTicket ticket: UInt32, _ arena: borrowing Arena) {
        guard count > 0 else { return }
        let bits = UInt64(ticket & (1 << EntryTable.ticketBits - 1))
        prefetchBucket(KeyHash(bits: bits), arena)
    }

    private func location(
        _ cell: Cell,
        _ slot: Int,
        _ index: UInt32,
        _ arena: borrowing Arena
    ) -> Location {
        let entry = Entry(arena.cell(Handle(units: cell.load(16 + slot * 4))))
        return Location(cell: cell, slot: slot, bucket: index, entry: entry)
    }

    // MARK: The hand

    /// Passes the hand over a bucket.
    ///
    /// Entries no warmer than `limit` are offered to `body`, warmer ones become one step colder.
    /// Those on probation stay as they are, or become cold if `endsProbation`.
    public func passHand(
        over index: Int,
        limit: EntryState,
        endsProbation: Bool,
        _ arena: borrowing Arena,
        _ body: (Location) -> Void
    ) {
        assert(limit != .probation, "the hand does not take entries on probation")
        var cell = bucketCell(UInt32(index), arena)
        while true {
            for slot in 0..<slotCount(cell) where cell.byte(slot) != 0 {
                switch cell.state(slot) {
                case .probation:
                    if endsProbation { cell.setState(.cold, slot) }
                case let state where state.rawValue <= limit.rawValue:
                    body(location(cell, slot, UInt32(index), arena))
                case .hot: cell.setState(.warm, slot)
                case .warm, .cold: cell.setState(.cold, slot)
                }
            }
            guard isChained(cell) else { return }
            cell = arena.cell(link(cell))
        }
    }

    /// The first bucket from `start` on in which something may have an expiry, or nil.
    ///
    /// Complexity: O(buckets / 64) words read.
    public func hintedBucket(from start: Int, _ arena: borrowing Arena) -> Int? {
        dueBucket(from: start, now: .max, arena)
    }

    /// The bucket with the earliest expiry among `samples` random segments, or all if there are
    /// fewer; nil if nothing in them has an expiry.
    public func nearestBucket(
        samples: Int,
        _ arena: borrowing Arena,
        _ source: inout FastRandom
    ) -> Int? {
        guard count > 0 else { return nil }
        var best: (segment: UInt32, tick: UInt32) = (0, .max)
        for sample in 0..<min(samples, segmentTotal) {
            let drawn = segmentTotal > samples ? source.below(segmentTotal) : sample
            let tick = segmentRecord(UInt32(drawn), arena).earliest
            if tick < best.tick { best = (UInt32(drawn), tick) }
        }
        guard best.tick != .max else { return nil }
        let first = best.segment << EntryTable.segmentShift
        return (first..<min(first + 64, bucketCount))
            .min { hint($0, arena) < hint($1, arena) }
            .map { Int($0) }
    }
}

extension Cell {
    /// The state beside a slot of a bucket.
    @inlinable
    @inline(__always)
    func state(_ slot: Int) -> EntryState {
        let bits = load(12, as: UInt32.self) >> UInt32(truncatingIfNeeded: slot &* 2) & 3
        switch bits {
        case 0: return .cold
        case 1: return .warm
        case 2: return .hot
        default: return .probation
        }
    }

    /// Sets the state beside a slot of a bucket.
    @inlinable
    @inline(__always)
    func setState(_ state: EntryState, _ slot: Int) {
        let shift = UInt32(truncatingIfNeeded: slot &* 2)
        store(load(12, as: UInt32.self) & ~(3 << shift) | state.rawValue << shift, 12)
    }
}
