public import Primitives

/// The memory of one shard: blocks in size classes, addressed by 4-byte handles.
///
/// Blocks are cut from 64 KiB pages of the partition's region.
///
/// ```text
/// region (its pages belong to several arenas)
/// ┌──────────┬──────────┬──────────┬──────────┬──────────┬─────
/// │ page 0   │ page 1   │ page 2   │ page 3   │ page 4 … │     a page holds blocks of one class,
/// │ never    │ 56-byte  │ another  │ 24-byte  │ a run of │     or is part of a run for one large
/// │ used     │ blocks   │ arena's  │ blocks   │ 2 pages  │     block
/// └──────────┴──────────┴──────────┴──────────┴──────────┴─────
/// ```
/// A handle is the offset of a block in the region, in units of 8 bytes; it determines the page and
/// thus the size of the block (`PageRecord`). The first two bytes of a freed block hold the
/// location of the next freed one.
///
/// ## Invariants
/// A page with room is in the list of its class, a full one is not. All pages of the arena are in
/// the arena's own list. `liveBytes` is the total size of all blocks in use.
@safe
public struct Arena: ~Copyable {
    static let pageShift = Region.pageShift
    static let pageUnits: UInt32 = 8192

    /// The hash function of all tables in this arena.
    public let hasher: KeyHasher
    /// The start of the region.
    @usableFromInline let base: UnsafeMutableRawPointer
    private let records: UnsafeMutableRawPointer
    /// The region that pages come from.
    public let region: Region
    /// For each class, the first page with room; 0 = none.
    let heads: UnsafeMutablePointer<UInt32>
    /// The first of the arena's own pages and runs; 0 = none.
    private var ownPages: UInt32 = 0
    /// Whether tables in this arena may add and remove buckets.
    public var resizesTables = true
    /// What insertions into the arena's tables must consider; usually zero.
    ///
    /// Holds the epoch of a watch over the tables, as stored in buckets; bit 0 is set if entries
    /// have states.
    @usableFromInline var notices: UInt32 = 0
    /// The bytes of all blocks in use, rounded to their classes.
    public private(set) var liveBytes = 0
    /// The total size of all pages in use, whether full or not.
    public private(set) var pageBytes = 0

    /// Creates an arena without memory that takes its pages from `region`.
    public init(hasher: KeyHasher = KeyHasher(), region: Region = Region()) {
        self.hasher = hasher
        self.region = region
        unsafe heads = .allocate(capacity: SizeClasses.count)
        unsafe heads.initialize(repeating: 0, count: SizeClasses.count)
        unsafe base = region.base
        unsafe records = region.records
    }

    deinit {
        region.takeBack(ownRuns)
        // SAFETY: allocated by `init`.
        unsafe heads.deallocate()
    }

    // MARK: Notices

    /// Whether insertions must consider a watch or states.
    @inlinable
    @inline(__always)
    public var hasNotices: Bool { notices != 0 }

    /// The epoch of the watch over the tables in this arena.
    @inlinable
    public var watchEpoch: WatchEpoch {
        get { WatchEpoch(bits: notices) }
        set { notices = notices & ~WatchEpoch.mask | newValue.bits }
    }

    /// Whether someone must see the tables' buckets before they change.
    @inlinable
    @inline(__always)
    public var isWatched: Bool { notices & WatchEpoch.mask != 0 }

    /// Whether the entries of stamped tables have states (`EntryState`).
    @inlinable
    public var keepsStates: Bool {
        get { notices & 1 != 0 }
        set { notices = notices & ~1 | (newValue ? 1 : 0) }
    }

    // MARK: Blocks

    /// The block of `handle`.
    @inlinable
    @inline(__always)
    public func cell(_ handle: Handle) -> Cell {
        // SAFETY: a handle is an offset within the reservation.
        unsafe Cell(base + Int(handle.units) << 3, count: capacity(handle))
    }

    /// The handle of a block of this arena.
    @inlinable
    public func handle(of cell: Cell) -> Handle {
        unsafe Handle(units: UInt32(truncatingIfNeeded: (cell.base - base) >> 3))
    }

    /// Allocates a block of at least `byteCount` bytes, not zeroed.
    ///
    /// Complexity: O(1) up to 32 KiB.
    public mutating func allocate(_ byteCount: Int) -> Handle {
        precondition(byteCount > 0, "a block has bytes")
        guard byteCount <= SizeClasses.byteCountMax else { return allocateRun(byteCount) }
        let sizeClass = SizeClasses.index(byteCount)
        let size = SizeClasses.byteCount(sizeClass)
        var page = unsafe heads[sizeClass]
        if page == 0 { page = openPage(sizeClass, size) }
        let record = record(page)
        liveBytes &+= size
        record.live &+= 1
        let unit: UInt16
        if record.free != .max {
            unit = record.free
            record.free = cell(page, unit).load(0)
        } else {
            unit = record.bump
            let next = Int(unit) + size >> 3
            record.bump = next + size >> 3 <= Int(Arena.pageUnits) ? UInt16(next) : .max
        }
        if record.free == .max, record.bump == .max { unlink(page, sizeClass) }
        return Handle(units: page << 13 | UInt32(unit))
    }

    /// Frees a block.
    ///
    /// Complexity: O(1) up to 32 KiB.
    public mutating func free(_ handle: Handle) {
        precondition(!handle.isNone, "no block to free")
        let page = handle.units >> 13
        let record = record(page)
        if record.sizeClass == PageRecord.run { return freeRun(page) }
        let sizeClass = Int(record.sizeClass)
        assert(sizeClass < SizeClasses.count, "block of a page not in use")
        liveBytes &-= SizeClasses.byteCount(sizeClass)
        let wasFull = record.free == .max && record.bump == .max
        cell(handle).store(record.free, 0)
        record.free = UInt16(truncatingIfNeeded: handle.units & 8191)
        record.live &-= 1
        if wasFull { link(page, sizeClass) }
        if record.live == 0 {
            unlink(page, sizeClass)
            closePages(page..<page + 1)
        }
    }

    /// The usable size of a block, at least what was requested.
    public func capacity(_ handle: Handle) -> Int {
        let record = record(handle.units >> 13)
        return record.sizeClass == PageRecord.run
            ? Int(record.next) << Arena.pageShift : SizeClasses.byteCount(Int(record.sizeClass))
    }

    /// Moves the first `kept` bytes of a block to one of at least `byteCount` bytes.
    ///
    /// Keeps the block if its class fits without waste.
    public mutating func reallocate(
        _ handle: Handle,
        _ byteCount: Int,
        keeping kept: Int
    ) -> Handle {
        let room = capacity(handle)
        if byteCount <= room, byteCount > room / 2 || room <= 16 { return handle }
        let target = allocate(byteCount)
        cell(target).put(cell(handle).bytes(0, min(kept, room, byteCount)), 0)
        free(handle)
        return target
    }

    // MARK: Pages

    func record(_ page: UInt32) -> PageRecord {
        // SAFETY: page numbers lie within the reservation.
        unsafe PageRecord(Cell(records + Int(page) << PageRecord.byteShift))
    }

    func cell(_ page: UInt32, _ unit: UInt16) -> Cell {
        cell(Handle(units: page << 13 | UInt32(unit)))
    }

    private mutating func openPage(_ sizeClass: Int, _ size: Int) -> UInt32 {
        let page = takePages(1)
        let record = record(page)
        record.sizeClass = UInt8(sizeClass)
        record.live = 0
        record.free = .max
        record.bump = 0
        link(page, sizeClass)
        return page
    }

    private mutating func takePages(_ count: UInt32) -> UInt32 {
        let page = region.take(count, isSmall: pageBytes < Region.smallArenaBytes)
        pageBytes += Int(count) << Arena.pageShift
        let record = record(page)
        record.following = ownPages
        record.preceding = 0
        if ownPages != 0 { self.record(ownPages).preceding = page }
        ownPages = page
        return page
    }

    private mutating func closePages(_ pages: Range<UInt32>) {
        let record = record(pages.lowerBound)
        if record.preceding != 0 {
            self.record(record.preceding).following = record.following
        } else {
            ownPages = record.following
        }
        if record.following != 0 { self.record(record.following).preceding = record.preceding }
        record.sizeClass = PageRecord.unused
        pageBytes -= pages.count << Arena.pageShift
        region.give(pages)
    }

    /// Calls `body` with each page, and the first page of each run, of this arena.
    func forEachPage(_ body: (UInt32, PageRecord) -> Void) {
        var page = ownPages
        while page != 0 {
            let record = record(page)
            body(page, record)
            page = record.following
        }
    }

    /// The pages of this arena in ascending order, with adjacent ones merged.
    ///
    /// Complexity: O(n log n).
    private var ownRuns: [Range<UInt32>] {
        var pages: [Range<UInt32>] = []
        forEachPage { page, record in pages.append(page..<page + record.pageCount) }
        pages.sort { $0.lowerBound < $1.lowerBound }
        var runs: [Range<UInt32>] = []
        for run in pages {
            if let last = runs.last, last.upperBound == run.lowerBound {
                runs[runs.count - 1] = last.lowerBound..<run.upperBound
            } else {
                runs.append(run)
            }
        }
        return runs
    }

    /// Whether a command may allocate `byteCount` bytes in addition to what needs no check.
    public func hasRoom(for byteCount: Int) -> Bool {
        region.hasRoom(for: byteCount, slack: pageBytes - liveBytes, of: pageBytes)
    }

    private mutating func allocateRun(_ byteCount: Int) -> Handle {
        precondition(byteCount <= Region.byteCountMax, "a block fits into the region")
        let count = UInt32((byteCount + 0xFFFF) >> Arena.pageShift)
        let page = takePages(count)
        let record = record(page)
        record.sizeClass = PageRecord.run
        record.next = count
        liveBytes += Int(count) << Arena.pageShift
        return Handle(units: page << 13)
    }

    private mutating func freeRun(_ page: UInt32) {
        let count = record(page).next
        liveBytes -= Int(count) << Arena.pageShift
        closePages(page..<page + count)
    }

    private func link(_ page: UInt32, _ sizeClass: Int) {
        let record = record(page)
        let head = unsafe heads[sizeClass]
        record.next = head
        record.previous = 0
        if head != 0 { self.record(head).previous = page }
        unsafe heads[sizeClass] = page
    }

    private func unlink(_ page: UInt32, _ sizeClass: Int) {
        let record = record(page)
        if record.previous != 0 {
            self.record(record.previous).next = record.next
        } else {
            unsafe heads[sizeClass] = record.next
        }
        if record.next != 0 { self.record(record.next).previous = record.previous }
    }
}
