public import CSupport
public import Primitives

/// A hash table of entries in buckets of 12, grown by linear hashing.
///
/// It holds the keys of a shard, and the members of large hashes, sets and sorted sets.
///
/// ```text
/// directory: one record of 16 bytes for 64 buckets
/// ┌─────────┬────────┬──────────┬────────┐
/// │ buckets │ hints  │ earliest │ stamps │   handle, handle or none, tick, handle or none
/// └────┬────┴───┬────┴──────────┴───┬────┘
///      │        │                   └─▶ 64 × 12 stamps: when each entry was last used
///      │        └─▶ 64 ticks: the earliest expiry in each bucket (never late, perhaps early)
///      ▼
/// a bucket: one cache line
///  0          12                             16                                      64
/// ┌──────────┬──────────────────────────────┬────────────────────────────────────────┐
/// │ 12 tags  │ meta: 12 × 2 eviction bits,  │ 12 handles                             │
/// │ 0 = free │ bit 24 = chained, then 6     │ (chained: the last one is a bucket's)  │
/// │          │ bits of a watch's epoch      │                                        │
/// └──────────┴──────────────────────────────┴────────────────────────────────────────┘
/// ```
/// A lookup touches two cache lines, the bucket's and the entry's. A bucket is split every few
/// insertions and merged every few removals, so no step moves more than one chain.
///
/// The table is a plain value that does not own its memory: the holder must call `destroy`.
///
/// ## Invariants
/// `bucketCount` is in `levelMask + 1 ..< 2 * (levelMask + 1)`, except that an empty table may have
/// no bucket. Every entry is in the chain of `bucket(of:)` for its hash.
///
/// Source: W. Litwin, "Linear Hashing: A New Tool for File and Table Addressing", 1980.
@frozen
public struct EntryTable: BitwiseCopyable, Sendable {
    /// The number of entries.
    public internal(set) var count: Int = 0
    @usableFromInline var directory: Handle = .none
    @usableFromInline var bucketCount: UInt32 = 0
    @usableFromInline var levelMask: UInt32 = 0
    /// Bit 31: entries have stamps; bits below: the directory's capacity in records.
    @usableFromInline var layout: UInt32

    static let slotCount = 12
    static let chained: UInt32 = 1 << 24
    @usableFromInline static let stamped: UInt32 = 1 << 31
    @usableFromInline static let linkSlot = 11
    static let segmentShift: UInt32 = 6
    static let segmentRecordBytes = 16
    /// The size of a bucket in bytes.
    public static let bucketBytes = 64
    /// Splits keep the mean below 7.5 entries per bucket, merges above 2.5.
    static let halfEntriesPerBucketMax = 15
    static let halfEntriesPerBucketMin = 5

    /// Creates an empty table without memory, with or without stamps.
    @inlinable
    public init(isStamped: Bool = false) { layout = isStamped ? EntryTable.stamped : 0 }

    /// Whether entries have stamps.
    @inlinable
    @inline(__always)
    var isStamped: Bool { layout & EntryTable.stamped != 0 }

    var directoryCapacity: UInt32 {
        get { layout & ~EntryTable.stamped }
        set { layout = layout & EntryTable.stamped | newValue }
    }

    /// The position of an entry.
    ///
    /// Valid until the next insertion or removal.
    @frozen
    public struct Location: Sendable {
        /// The bucket or chained bucket.
        @usableFromInline let cell: Cell
        @usableFromInline let slot: Int
        /// The number of the bucket at the head of the chain.
        public let bucket: UInt32
        /// The entry.
        public let entry: Entry

        @inlinable
        init(cell: Cell, slot: Int, bucket: UInt32, entry: Entry) {
            self.cell = cell
            self.slot = slot
            self.bucket = bucket
            self.entry = entry
        }
    }

    // MARK: Looking up

    /// The bucket for a hash.
    @inlinable
    @inline(__always)
    public func bucket(of hash: KeyHash) -> UInt32 {
        EntryTable.bucket(UInt32(truncatingIfNeeded: hash.bits), bucketCount, levelMask)
    }

    /// The bucket for a hash with the low bits `low` in a table with `count` buckets.
    @inlinable
    @inline(__always)
    static func bucket(_ low: UInt32, _ count: UInt32, _ levelMask: UInt32) -> UInt32 {
        let index = low & (levelMask &<< 1 | 1)
        return index < count ? index : index & levelMask
    }

    /// The address of bucket `index`.
    @inlinable
    @inline(__always)
    func bucketCell(_ index: UInt32, _ arena: borrowing Arena) -> Cell {
        let record = arena.cell(directory).advanced(by: Int(index >> 6) << 4)
        let buckets = Handle(units: record.load(0))
        return arena.cell(buckets).advanced(by: Int(index & 63) << 6)
    }

    /// The entry for `key`, whose hash is `hash`, or nil.
    ///
    /// Complexity: O(1), almost always two cache lines.
    @inlinable
    public func find(_ key: Bytes, _ hash: KeyHash, _ arena: borrowing Arena) -> Location? {
        guard count > 0 else { return nil }
        let index = bucket(of: hash)
        var cell = bucketCell(index, arena)
        let tag = hash.tag
        while true {
            // SAFETY: a bucket has 64 readable bytes.
            var matches = unsafe apus_match12(cell.base, tag)
            while matches != 0 {
                let slot = matches.trailingZeroBitCount
                let entry = Entry(arena.cell(Handle(units: cell.load(16 &+ slot &* 4))))
                if entry.key == key {
                    return Location(cell: cell, slot: slot, bucket: index, entry: entry)
                }
                matches &= matches &- 1
            }
            guard cell.load(12, as: UInt32.self) & (1 << 24) != 0 else { return nil }
            cell = arena.cell(Handle(units: cell.load(16 &+ EntryTable.linkSlot &* 4)))
        }
    }

    /// Whether an entry with `hash` may be in the table, judging by its bucket.
    ///
    /// Complexity: O(1), one cache line, without a branch that depends on the contents.
    @inlinable
    @inline(__always)
    public func mayHold(_ hash: KeyHash, _ arena: borrowing Arena) -> Bool {
        guard bucketCount > 0 else { return false }
        let bucket = bucketCell(bucket(of: hash), arena)
        // SAFETY: a bucket has 64 readable bytes.
        let matches = unsafe apus_match12(bucket.base, hash.tag)
        return matches | bucket.load(12, as: UInt32.self) & (1 << 24) != 0
    }

    /// Prefetches the bucket for `hash`.
    @inlinable
    public func prefetchBucket(_ hash: KeyHash, _ arena: borrowing Arena) {
        guard bucketCount > 0 else { return }
        // SAFETY: a prefetch never faults.
        unsafe apus_prefetch(bucketCell(bucket(of: hash), arena).base)
    }

    /// Prefetches the entry that most likely has `hash`, and its stamp.
    @inlinable
    @inline(__always)
    public func prefetchEntry(_ hash: KeyHash, _ arena: borrowing Arena) {
        guard bucketCount > 0 else { return }
        let index = bucket(of: hash)
        let bucket = bucketCell(index, arena)
        // SAFETY: a bucket has 64 readable bytes; a prefetch never faults.
        let matches = unsafe apus_match12(bucket.base, hash.tag)
        guard matches != 0 else { return }
        let slot = matches.trailingZeroBitCount
        let entry = arena.cell(Handle(units: bucket.load(16 &+ slot &* 4)))
        unsafe apus_prefetch(entry.base)
        unsafe apus_prefetch(entry.base + 56)
        guard isStamped else { return }
        unsafe apus_prefetch(stamps(of: bucket, index, arena).base + slot &* 2)
    }

    /// Prefetches the header and the key of an entry.
    public static func prefetch(_ entry: Entry) {
        // SAFETY: a prefetch never faults.
        unsafe apus_prefetch(entry.cell.base)
    }

    /// Prefetches bucket number `index`.
    func prefetchBucket(number index: UInt32, _ arena: borrowing Arena) {
        // SAFETY: a prefetch never faults.
        unsafe apus_prefetch(bucketCell(index, arena).base)
    }

    /// Prefetches the entries in bucket number `index`, but not those in the rest of its chain.
    public func prefetchEntries(inBucket index: Int, _ arena: borrowing Arena) {
        let cell = bucketCell(UInt32(index), arena)
        for slot in 0..<EntryTable.linkSlot where cell.byte(slot) != 0 {
            // SAFETY: a prefetch never faults.
            unsafe apus_prefetch(arena.cell(Handle(units: cell.load(16 &+ slot &* 4))).base)
        }
    }

    /// The occupied slots of a bucket as bits, not counting the link.
    func usedSlots(_ cell: Cell) -> UInt32 {
        let isChained = cell.load(12, as: UInt32.self) & EntryTable.chained != 0
        // SAFETY: a bucket has 64 readable bytes.
        let free = unsafe apus_match12(cell.base, 0)
        return ~free & (isChained ? 0x7FF : 0xFFF)
    }

    // MARK: Changing

    /// Adds an entry whose key is not in the table.
    ///
    /// Complexity: O(1); splits at most one bucket.
    @discardableResult
    public mutating func insert(
        _ handle: Handle,
        _ hash: KeyHash,
        _ arena: inout Arena
    ) -> Location {
        assert(!handle.isNone, "an entry has a block")
        if bucketCount == 0 { openFirstBucket(&arena) }
        assert(bucketCount > levelMask && bucketCount >> 1 <= levelMask, "the level is wrong")
        if count &* 2 >= Int(bucketCount) &* EntryTable.halfEntriesPerBucketMax,
            arena.resizesTables
        {
            split(&arena)
        }
        count &+= 1
        let index = bucket(of: hash)
        let (cell, slot) = place(handle, hash.tag, index, &arena)
        return Location(cell: cell, slot: slot, bucket: index, entry: Entry(arena.cell(handle)))
    }

    /// Removes an entry; the caller keeps its block.
    ///
    /// Removing the last entry also frees the table's own memory. Complexity: O(1).
    public mutating func remove(_ location: Location, _ arena: inout Arena) {
        assert(count > 0 && isCurrent(location), "the location is out of date")
        location.cell.store(UInt8(0), location.slot)
        count &-= 1
        guard count > 0 else { return destroy(&arena) }
        if isChained(bucketCell(location.bucket, arena)) { trimChain(location.bucket, &arena) }
        if count &* 2 < Int(bucketCount) &* EntryTable.halfEntriesPerBucketMin, mayMerge(arena) {
            mergeLast(&arena)
        }
    }

    /// Makes the slot at `location` refer to another block, which holds the same key.
    @inlinable
    public func replace(
        _ location: Location,
        with handle: Handle,
        _ arena: borrowing Arena
    ) -> Location {
        assert(!handle.isNone && isCurrent(location), "the location is out of date")
        location.cell.store(handle.units, 16 &+ location.slot &* 4)
        return Location(
            cell: location.cell,
            slot: location.slot,
            bucket: location.bucket,
            entry: Entry(arena.cell(handle))
        )
    }

    /// Whether `location` still refers to an entry, judging by its slot; for assertions.
    @inlinable
    func isCurrent(_ location: Location) -> Bool {
        location.bucket < bucketCount && location.cell.byte(location.slot) != 0
            && handle(location).units != 0
    }

    /// The handle at `location`.
    @inlinable
    public func handle(_ location: Location) -> Handle {
        Handle(units: location.cell.load(16 &+ location.slot &* 4))
    }
}
