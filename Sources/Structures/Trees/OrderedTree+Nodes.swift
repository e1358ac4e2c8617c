internal import Primitives
internal import CSupport

/// A leaf of an `OrderedTree`.
///
/// ```text
/// 0 count UInt16 · 2 shift UInt8 · 4 next · 8 previous · 16 base UInt64
/// 32  80 digests, UInt16, those past `count` are 0xFFFF
/// 192 80 handles of entries
/// ```
/// The digest of a score is `(bits - base) >> shift`, clamped to 0...0xFFFF.
struct LeafNode {
    static let byteCount = 512
    static let capacity = 80
    static let digestsOffset = 32
    static let handlesOffset = 192
    /// How far ahead of a walk entries are prefetched.
    static let lookahead = 8
    static let digestMax: UInt16 = .max

    let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    var count: Int {
        get { Int(cell.load(0, as: UInt16.self)) }
        nonmutating set { cell.store(UInt16(truncatingIfNeeded: newValue), 0) }
    }

    var shift: UInt8 {
        get { cell.load(2) }
        nonmutating set { cell.store(newValue, 2) }
    }

    var next: Handle {
        get { Handle(units: cell.load(4)) }
        nonmutating set { cell.store(newValue.units, 4) }
    }

    var previous: Handle {
        get { Handle(units: cell.load(8)) }
        nonmutating set { cell.store(newValue.units, 8) }
    }

    var base: UInt64 {
        get { cell.load(16) }
        nonmutating set { cell.store(newValue, 16) }
    }

    func digest(_ index: Int) -> UInt16 { cell.load(LeafNode.digestsOffset &+ index &* 2) }

    func setDigest(_ index: Int, _ digest: UInt16) {
        cell.store(digest, LeafNode.digestsOffset &+ index &* 2)
    }

    func handle(_ index: Int) -> Handle {
        Handle(units: cell.load(LeafNode.handlesOffset &+ index &* 4))
    }

    func setHandle(_ index: Int, _ handle: Handle) {
        cell.store(handle.units, LeafNode.handlesOffset &+ index &* 4)
    }

    func entry(_ index: Int, _ arena: borrowing Arena) -> Entry { Entry(arena.cell(handle(index))) }

    /// Makes the leaf empty.
    func clear() {
        cell.zero(0, LeafNode.digestsOffset)
        for index in 0..<LeafNode.capacity { setDigest(index, LeafNode.digestMax) }
    }

    // MARK: Searching

    /// Prefetches the cache lines that a search reads.
    func prefetch() {
        // SAFETY: a prefetch never faults.
        unsafe apus_prefetch(cell.base)
        unsafe apus_prefetch(cell.base + 64)
        unsafe apus_prefetch(cell.base + 128)
    }

    func prefetchEntry(_ index: Int, _ arena: borrowing Arena) {
        guard index >= 0, index < count else { return }
        // SAFETY: a prefetch never faults.
        unsafe apus_prefetch(arena.cell(handle(index)).base)
    }

    /// Prefetches the first entries of a walk.
    func prefetchEntries(_ index: Int, reversed: Bool, _ arena: borrowing Arena) {
        for ahead in 0..<LeafNode.lookahead {
            prefetchEntry(reversed ? index - ahead : index + ahead, arena)
        }
    }

    /// The digest of a score with the ordered bits `bits`.
    func digest(of bits: UInt64) -> UInt16 {
        let base = base
        guard bits > base else { return 0 }
        return UInt16(truncatingIfNeeded: min((bits &- base) >> UInt64(shift), 0xFFFF))
    }

    /// Whether a score with the ordered bits `bits` lies within the window.
    func isInWindow(_ bits: UInt64) -> Bool {
        bits >= base && (bits &- base) >> UInt64(shift) <= 0xFFFF
    }

    private func countBelow(_ digest: UInt16) -> Int {
        // SAFETY: a leaf has 80 digests; those past `count` are the greatest.
        unsafe apus_count_below80(cell.base + LeafNode.digestsOffset, digest)
    }

    /// The indices of entries with this digest.
    private func range(_ digest: UInt16) -> Range<Int> {
        let lower = countBelow(digest)
        let upper = digest == LeafNode.digestMax ? count : countBelow(digest &+ 1)
        return lower..<max(lower, upper)
    }

    /// The number of entries that sort before `bound`.
    func position(_ bound: OrderedBound, _ arena: borrowing Arena) -> Int {
        let candidates = bound.ignoresScores ? 0..<count : range(digest(of: bound.digestible))
        var lower = candidates.lowerBound
        var upper = candidates.upperBound
        while lower < upper {
            let middle = (lower &+ upper) >> 1
            if bound.isAfter(entry(middle, arena)) {
                lower = middle &+ 1
            } else {
                upper = middle
            }
        }
        return lower
    }

    /// The index of an entry in this leaf, found without reading any entry.
    func index(of handle: Handle, _ bound: OrderedBound) -> Int {
        let candidates = range(digest(of: bound.digestible))
        // SAFETY: the range lies within `count`.
        let index = unsafe apus_find32(
            cell.base + LeafNode.handlesOffset,
            candidates.lowerBound,
            candidates.upperBound,
            handle.units
        )
        precondition(index < candidates.upperBound, "the leaf holds the entry")
        return index
    }

    // MARK: Changing

    /// Inserts `handle` at `index`; the leaf must not be full.
    func insert(_ handle: Handle, _ digest: UInt16, at index: Int) {
        let count = count
        assert(count < LeafNode.capacity, "a full leaf is split first")
        assert(index <= count)
        let digests = LeafNode.digestsOffset &+ index &* 2
        let handles = LeafNode.handlesOffset &+ index &* 4
        cell.move(from: digests, to: digests &+ 2, count: (count &- index) &* 2)
        cell.move(from: handles, to: handles &+ 4, count: (count &- index) &* 4)
        setDigest(index, digest)
        setHandle(index, handle)
        self.count = count &+ 1
    }

    /// Removes the entry at `index`.
    func remove(at index: Int) {
        let count = count
        assert(index < count)
        let digests = LeafNode.digestsOffset &+ index &* 2
        let handles = LeafNode.handlesOffset &+ index &* 4
        cell.move(from: digests &+ 2, to: digests, count: (count &- index &- 1) &* 2)
        cell.move(from: handles &+ 4, to: handles, count: (count &- index &- 1) &* 4)
        setDigest(count &- 1, LeafNode.digestMax)
        self.count = count &- 1
    }

    /// Appends `range` of `source`'s entries; the caller fits the digests afterwards.
    func append(_ range: Range<Int>, of source: LeafNode) {
        let start = count
        assert(start + range.count <= LeafNode.capacity)
        let bytes = source.cell.bytes(
            LeafNode.handlesOffset + range.lowerBound * 4,
            range.count * 4
        )
        cell.put(bytes, LeafNode.handlesOffset + start * 4)
        count = start + range.count
    }

    /// Removes all entries from `length` on.
    func truncate(to length: Int) {
        for index in length..<count { setDigest(index, LeafNode.digestMax) }
        count = length
    }

    /// Removes the first `dropped` entries.
    func removeFirst(_ dropped: Int) {
        let rest = count - dropped
        cell.move(
            from: LeafNode.digestsOffset + dropped * 2,
            to: LeafNode.digestsOffset,
            count: rest * 2
        )
        cell.move(
            from: LeafNode.handlesOffset + dropped * 4,
            to: LeafNode.handlesOffset,
            count: rest * 4
        )
        truncate(to: rest)
    }

    /// Fits the window to the entries and recomputes all digests.
    ///
    /// The window leaves a quarter of the entries' span to spare on either side.
    func fit(_ arena: borrowing Arena) {
        let count = count
        guard count > 0 else { return }
        for index in 0..<count { prefetchEntry(index, arena) }
        let least = ScoreOrder.bits(entry(0, arena).score)
        let span = ScoreOrder.bits(entry(count - 1, arena).score) - least
        base = least - min(span / 4, least)
        let width = span > .max / 2 ? .max : span + span / 2
        let bitCount = UInt64.bitWidth - width.leadingZeroBitCount
        shift = UInt8(max(bitCount - 16, 0))
        for index in 0..<count {
            setDigest(index, digest(of: ScoreOrder.bits(entry(index, arena).score)))
        }
    }
}

/// An inner node of an `OrderedTree`.
///
/// ```text
/// 0 count UInt16 · 64 scores · 448 children · 640 counts · 832 members
/// ```
struct InnerNode {
    static let byteCount = 1024
    static let capacity = 48
    static let scoresOffset = 64
    static let childrenOffset = 448
    static let countsOffset = 640
    static let membersOffset = 832

    let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    /// The number of children.
    var count: Int {
        get { Int(cell.load(0, as: UInt16.self)) }
        nonmutating set { cell.store(UInt16(truncatingIfNeeded: newValue), 0) }
    }

    func score(_ index: Int) -> Double { cell.load(InnerNode.scoresOffset &+ index &* 8) }

    func child(_ index: Int) -> Handle {
        Handle(units: cell.load(InnerNode.childrenOffset &+ index &* 4))
    }

    /// The number of entries below a child.
    func count(_ index: Int) -> Int {
        Int(cell.load(InnerNode.countsOffset &+ index &* 4, as: UInt32.self))
    }

    func setCount(_ index: Int, _ count: Int) {
        cell.store(UInt32(truncatingIfNeeded: count), InnerNode.countsOffset &+ index &* 4)
    }

    /// The least entry below a child.
    func member(_ index: Int) -> Handle {
        Handle(units: cell.load(InnerNode.membersOffset &+ index &* 4))
    }

    /// Records the least entry below a child.
    func setLeast(_ index: Int, _ handle: Handle, _ arena: borrowing Arena) {
        cell.store(Entry(arena.cell(handle)).score, InnerNode.scoresOffset &+ index &* 8)
        cell.store(handle.units, InnerNode.membersOffset &+ index &* 4)
    }

    /// The number of entries below the first `index` children.
    func countBefore(_ index: Int) -> Int {
        // SAFETY: the node has room for 48 counts.
        Int(unsafe apus_sum32(cell.base + InnerNode.countsOffset, index))
    }

    /// The number of entries below all children.
    var total: Int { countBefore(count) }

    /// The child that contains `bound`: the last one whose least entry is not after it.
    func child(_ bound: OrderedBound, _ arena: borrowing Arena) -> Int {
        var lower = 0
        var upper = count
        if !bound.ignoresScores {
            // SAFETY: the node has room for 48 scores.
            unsafe apus_count_doubles(
                cell.base + InnerNode.scoresOffset,
                count,
                bound.score,
                &lower,
                &upper
            )
        }
        while lower < upper {
            let middle = (lower &+ upper) >> 1
            if bound.isAtOrAfter(Entry(arena.cell(member(middle)))) {
                lower = middle &+ 1
            } else {
                upper = middle
            }
        }
        return max(lower &- 1, 0)
    }

    /// Inserts a child with `entries` entries below it at `index`.
    func insert(
        _ child: Handle,
        count entries: Int,
        least: Handle,
        at index: Int,
        _ arena: borrowing Arena
    ) {
        let count = count
        assert(count < InnerNode.capacity, "a full node is split first")
        shiftColumns(from: index, to: index + 1, count: count - index)
        cell.store(child.units, InnerNode.childrenOffset + index * 4)
        setCount(index, entries)
        setLeast(index, least, arena)
        self.count = count + 1
    }

    /// Removes a child.
    func remove(at index: Int) {
        shiftColumns(from: index + 1, to: index, count: count - index - 1)
        count -= 1
    }

    private func shiftColumns(from source: Int, to target: Int, count: Int) {
        let scores = InnerNode.scoresOffset
        cell.move(from: scores + source * 8, to: scores + target * 8, count: count * 8)
        shiftColumn(InnerNode.childrenOffset, source, target, count)
        shiftColumn(InnerNode.countsOffset, source, target, count)
        shiftColumn(InnerNode.membersOffset, source, target, count)
    }

    private func shiftColumn(_ column: Int, _ source: Int, _ target: Int, _ count: Int) {
        cell.move(from: column + source * 4, to: column + target * 4, count: count * 4)
    }

    /// Appends `range` of `source`'s children.
    func append(_ range: Range<Int>, of source: InnerNode) {
        let start = count
        assert(start + range.count <= InnerNode.capacity)
        let scores = InnerNode.scoresOffset
        cell.put(
            source.cell.bytes(scores + range.lowerBound * 8, range.count * 8),
            scores + start * 8
        )
        copyColumn(InnerNode.childrenOffset, range, source, start)
        copyColumn(InnerNode.countsOffset, range, source, start)
        copyColumn(InnerNode.membersOffset, range, source, start)
        count = start + range.count
    }

    private func copyColumn(
        _ column: Int,
        _ range: Range<Int>,
        _ source: InnerNode,
        _ start: Int
    ) {
        let bytes = source.cell.bytes(column + range.lowerBound * 4, range.count * 4)
        cell.put(bytes, column + start * 4)
    }
}
