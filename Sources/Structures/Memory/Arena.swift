public import Primitives
internal import CSupport
internal import Glibc

/// The memory of one shard: blocks in size classes, cut from pages of 64 KiB, named by 4-byte
/// handles.
///
/// ```text
/// reservation (32 GiB of addresses, made writable as pages are taken)
/// ┌──────────┬──────────┬──────────┬──────────┬─────
/// │ page 0   │ page 1   │ page 2   │ page 3 … │        a page holds blocks of one class,
/// │ never    │ 56-byte  │ 24-byte  │ a run of │        or is part of a run for one large block
/// │ used     │ blocks   │ blocks   │ 2 pages  │
/// └──────────┴──────────┴──────────┴──────────┴─────
/// page records (16 bytes a page, a reservation of their own)
///   0 class UInt8   255 = first of a run, 254 = not in use
///   2 live  UInt16  blocks in use
///   4 free  UInt16  first freed block, in units of 8 bytes from the page's start; 0xFFFF = none
///   6 bump  UInt16  first block never used, in the same units; 0xFFFF = page exhausted
///   8 next  UInt32  next page of the class with room (of a run: its number of pages)
///  12 prev  UInt32  previous one
/// ```
/// A freed block's first two bytes hold the next freed one.
///
/// ## Invariants
/// A page with room stands in its class's list, a full one does not. `liveBytes` is the sum of the
/// sizes of all blocks in use.
@safe
public struct Arena: ~Copyable {
    /// Addresses reserved: what 32-bit handles of 8-byte units can name.
    public static let byteCountMax = 1 << 35
    static let pageShift = 16
    static let pageUnits: UInt32 = 8192
    /// Free pages that stay resident, so that a page that empties and fills costs no fault.
    static let idlePagesKept = 8
    /// From this size on the arena asks for huge pages.
    static let hugeFrom = 32 << 20
    /// How much is made writable at once, below `hugeFrom` and from there on.
    static let smallStep = 4 << 20
    static let hugeStep = 64 << 20

    /// The hash of all tables in this arena.
    public let hasher: KeyHasher
    /// The reservation; before the first block an address that nobody dereferences.
    @usableFromInline var base: UnsafeMutableRawPointer
    private var records: UnsafeMutableRawPointer
    /// For each class the first page with room; 0 = none.
    let heads: UnsafeMutablePointer<UInt32>
    private(set) var pageCount: UInt32 = 1
    private(set) var freeRuns = PageRuns()
    private var hugeEnd = 0
    /// How far from the first one the addresses are writable.
    private var writableBytes = 0
    /// Whether tables in this arena get and give up buckets as they grow and shrink.
    public var resizesTables = true
    /// The bytes of all blocks in use, rounded to their classes.
    public private(set) var liveBytes = 0
    /// The bytes of all pages in use, whether filled with blocks or not.
    public private(set) var pageBytes = 0

    /// An arena without memory; the first block reserves its addresses.
    public init(hasher: KeyHasher = KeyHasher()) {
        self.hasher = hasher
        unsafe heads = .allocate(capacity: SizeClasses.count)
        unsafe heads.initialize(repeating: 0, count: SizeClasses.count)
        unsafe base = UnsafeMutableRawPointer(heads)
        unsafe records = base
    }

    deinit {
        // SAFETY: mapped in `reserve` when the first page was taken, and allocated in `init`.
        if pageCount > 1 {
            unsafe munmap(base, Arena.byteCountMax)
            unsafe munmap(records, Arena.recordBytes)
        }
        unsafe heads.deallocate()
    }

    private static let recordBytes = byteCountMax >> pageShift * 16

    /// Reserves the addresses, on which nothing may be written yet: so they count neither as used
    /// nor as promised, whatever vm.overcommit_memory is. Ends the process when there are none.
    private mutating func reserve() {
        // SAFETY: fresh mappings, checked.
        unsafe base = Arena.map(Arena.byteCountMax, PROT_NONE)
        unsafe records = Arena.map(Arena.recordBytes, PROT_READ | PROT_WRITE)
    }

    private static func map(_ byteCount: Int, _ access: Int32) -> UnsafeMutableRawPointer {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let address = unsafe mmap(nil, byteCount, access, flags, -1, 0),
            unsafe address != MAP_FAILED
        else { apus_out_of_memory(byteCount) }
        return unsafe address
    }

    /// Makes the reservation writable up to `end` and some way on. Ends the process when the system
    /// promises no more memory.
    private mutating func makeWritable(to end: Int) {
        let step = end > Arena.hugeFrom ? Arena.hugeStep : Arena.smallStep
        let target = min((end + step - 1) / step * step, Arena.byteCountMax)
        // SAFETY: within the reservation.
        let result = unsafe mprotect(
            base + writableBytes,
            target - writableBytes,
            PROT_READ | PROT_WRITE
        )
        guard result == 0 else { apus_out_of_memory(target - writableBytes) }
        writableBytes = target
    }

    // MARK: Blocks

    /// The block that `handle` names.
    @inlinable
    @inline(__always)
    public func cell(_ handle: Handle) -> Cell {
        // SAFETY: a handle is an offset within the reservation.
        unsafe Cell(base + Int(handle.units) << 3)
    }

    /// The handle of a block of this arena.
    @inlinable
    public func handle(of cell: Cell) -> Handle {
        unsafe Handle(units: UInt32(truncatingIfNeeded: (cell.base - base) >> 3))
    }

    /// A block of at least `byteCount` bytes, not cleared. Complexity: O(1) up to 32 KiB.
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

    /// Gives a block back. Complexity: O(1) up to 32 KiB.
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

    /// The bytes that fit the block, at least as many as were asked for.
    public func capacity(_ handle: Handle) -> Int {
        let record = record(handle.units >> 13)
        return record.sizeClass == PageRecord.run
            ? Int(record.next) << Arena.pageShift : SizeClasses.byteCount(Int(record.sizeClass))
    }

    /// A block of at least `byteCount` bytes that begins with the first `kept` bytes of `handle`'s;
    /// the same block where its class fits and would not be wasted.
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
        // SAFETY: page numbers lie in the reservation.
        unsafe PageRecord(Cell(records + Int(page) << 4))
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
        if pageCount == 1 { reserve() }
        pageBytes += Int(count) << Arena.pageShift
        if let page = freeRuns.take(count) { return page }
        let end = (Int(pageCount) + Int(count)) << Arena.pageShift
        guard end <= Arena.byteCountMax else {
            fatalError("a shard holds at most 32 GiB: start with more threads (more partitions)")
        }
        let page = pageCount
        pageCount += count
        if end > writableBytes { makeWritable(to: end) }
        if end > Arena.hugeFrom, end > hugeEnd { adviseHuge(end) }
        return page
    }

    private mutating func adviseHuge(_ end: Int) {
        let start = max(hugeEnd, Arena.hugeFrom)
        hugeEnd = min(max(end, start + 64 << 20), Arena.byteCountMax)
        // SAFETY: within the reservation; advice only.
        unsafe _ = madvise(base + start, hugeEnd - start, 14)  // MADV_HUGEPAGE
    }

    private mutating func closePages(_ pages: Range<UInt32>) {
        for page in pages { record(page).sizeClass = PageRecord.unused }
        pageBytes -= pages.count << Arena.pageShift
        if freeRuns.pageCount + pages.count > Arena.idlePagesKept { giveBack(pages) }
        freeRuns.give(pages)
    }

    private func giveBack(_ pages: Range<UInt32>) {
        // SAFETY: pages without blocks in use; they read as zeros from now on.
        unsafe _ = madvise(
            base + Int(pages.lowerBound) << Arena.pageShift,
            pages.count << Arena.pageShift,
            Int32(MADV_DONTNEED)
        )
    }

    /// Gives back to the system what pages without blocks still hold. Complexity: O(free runs).
    public func giveBackIdlePages() { freeRuns.forEach { giveBack($0) } }

    private mutating func allocateRun(_ byteCount: Int) -> Handle {
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

/// One page's record, by the drawing above.
struct PageRecord {
    static let run: UInt8 = 255
    static let unused: UInt8 = 254

    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    var sizeClass: UInt8 {
        get { cell.load(0) }
        nonmutating set { cell.store(newValue, 0) }
    }
    var live: UInt16 {
        get { cell.load(2) }
        nonmutating set { cell.store(newValue, 2) }
    }
    var free: UInt16 {
        get { cell.load(4) }
        nonmutating set { cell.store(newValue, 4) }
    }
    var bump: UInt16 {
        get { cell.load(6) }
        nonmutating set { cell.store(newValue, 6) }
    }
    var next: UInt32 {
        get { cell.load(8) }
        nonmutating set { cell.store(newValue, 8) }
    }
    var previous: UInt32 {
        get { cell.load(12) }
        nonmutating set { cell.store(newValue, 12) }
    }
}
