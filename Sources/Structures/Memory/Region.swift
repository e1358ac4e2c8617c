public import Primitives
internal import CSupport
internal import Glibc
internal import Synchronization

/// The address space of one partition: 64 KiB pages shared by the arenas of all its databases.
///
/// ```text
/// ┌────────┬───────────────────┬─────────┬──────────────────┬─────────┬───────────────────┐
/// │ page 0 │ pages of large    │ writable│ reserved: no     │ writable│ pages of small    │
/// │ unused │ arenas            │ ahead   │ memory           │ ahead   │ arenas            │
/// └────────┴───────────────────┴─────────┴──────────────────┴─────────┴───────────────────┘
/// 0                        lower.edge                            upper.edge         capacity
/// ```
/// A database costs no address space of its own, and pages freed by one can be used by another.
/// Small arenas touch little of each page, so their pages are kept apart from the huge pages that
/// large arenas get. The partition's lock guards a region, except for `takeBack`, which helper
/// threads call.
///
/// ## Invariants
/// Every page outside the edges belongs to one arena, is free (`free` of its zone), or was handed
/// back and is waiting (`returned`). The reservation never moves. While `isTight` is false, any
/// single request can get the memory it needs.
@safe
public final class Region: @unchecked Sendable {  // because: the partition's lock, see above
    /// The pages at one end of the reservation.
    private struct Zone {
        /// The first page never taken; in the upper zone, the lowest page ever taken.
        var edge: UInt32
        /// The offset up to which (in the upper zone, from which) addresses are writable.
        var writable: Int
        var free = PageRuns()
    }

    /// The range of 32-bit handles in units of 8 bytes.
    public static let byteCountMax = 1 << 35
    static let pageShift = 16
    static let pageBytes = 1 << pageShift
    /// Free pages that stay resident, so that pages that empty and refill cause no faults.
    static let idlePagesKept = 8
    /// From this size on, pages are huge if the helper keeps up.
    static let hugeFrom = 64 << 20
    static let hugeBytes = 2 << 20
    /// Arenas with fewer bytes of pages count as small.
    static let smallArenaBytes = 4 << 20
    /// How much to make writable at once: `smallStep` below `hugeStep`, `hugeStep` from there on.
    static let smallStep = 4 << 20
    static let hugeStep = 64 << 20
    /// With less free space than this, requests are checked before they run; no request takes more.
    static let tightBelow = 4 << 30

    /// The location of a region, for readers that do not hold its lock.
    @safe
    @frozen
    public struct Extent: Sendable {
        /// The address of the first byte.
        public let base: UInt
        /// The reserved address space in bytes.
        public let capacity: Int

        @usableFromInline
        init(base: UInt, capacity: Int) {
            self.base = base
            self.capacity = capacity
        }
    }

    /// The location of the region, which never changes.
    public var extent: Extent {
        unsafe Extent(base: UInt(bitPattern: base), capacity: capacity)
    }

    let base: UnsafeMutableRawPointer
    let records: UnsafeMutableRawPointer
    /// The reserved address space in bytes; zero if none was available.
    public let capacity: Int
    private var lower = Zone(edge: 1, writable: 0)
    private var upper: Zone
    /// The end of the lower zone, published by the owner for the helper that prepares huge pages.
    let shownEnd = Atomic<Int>(0)
    /// How far the helper has come, in bytes; all huge pages before it have been touched.
    let readyEnd = Atomic<Int>(Region.hugeFrom)
    /// Bytes taken into use while the helper prepared its last page, or half its previous value.
    ///
    /// Only the helper uses it.
    var pace = 0
    /// The end up to which the owner has asked for huge pages.
    var askedEnd = Region.hugeFrom
    let bell: Doorbell?
    /// Whether address space or memory commitments are limited.
    ///
    /// If so, requests are checked however much space is free.
    public let isLimited: Bool
    /// Whether space is short, so that requests must be checked before they run.
    public private(set) var isTight = false
    /// A word whose bit 31 mirrors `isTight`.
    private var tightMark: Cell?
    private let returned = Locked<[Range<UInt32>]>([])
    private let hasReturned = Atomic<Bool>(false)

    /// The bit of the word passed to `showTightness`.
    public static let tightBit: UInt32 = 1 << 31

    /// Reserves `byteCount` bytes of address space, or less if that much is not available.
    ///
    /// If memory commitments are limited, the reservation is not writable at first, so that it
    /// counts as neither used nor committed. `bell` wakes the helper that calls `prepareAhead`.
    public init(
        byteCount: Int = Region.byteCountMax,
        isLimited: Bool = false,
        bell: Doorbell? = nil
    ) {
        precondition(byteCount <= Region.byteCountMax, "handles cannot address more")
        var isLimited = isLimited
        var wanted = byteCount
        var place = isLimited ? nil : unsafe Region.map(wanted, PROT_READ | PROT_WRITE)
        if unsafe place == nil {
            isLimited = true
            unsafe place = Region.map(wanted, PROT_NONE)
        }
        while unsafe place == nil, wanted > Region.smallStep {
            wanted /= 2
            unsafe place = Region.map(wanted, PROT_NONE)
        }
        let recordBytes = Region.recordBytes(of: wanted)
        let recordPlace = unsafe Region.map(recordBytes, PROT_READ | PROT_WRITE)
        self.isLimited = isLimited
        self.bell = isLimited ? nil : bell
        guard let place = unsafe place, let recordPlace = unsafe recordPlace else {
            if let place = unsafe place { unsafe munmap(place, wanted) }
            if let recordPlace = unsafe recordPlace {
                unsafe munmap(recordPlace, recordBytes)
            }
            // An address that nobody dereferences: the region never hands out a page.
            unsafe base = .allocate(byteCount: 8, alignment: 8)
            unsafe records = base
            capacity = 0
            upper = Zone(edge: 1, writable: 0)
            isTight = true
            return
        }
        unsafe base = place
        unsafe records = recordPlace
        capacity = wanted
        upper = Zone(edge: UInt32(wanted >> Region.pageShift), writable: isLimited ? wanted : 0)
        if !isLimited { lower.writable = wanted }
        // SAFETY: only advice; huge pages come where `prepareAhead` asks for them.
        unsafe _ = madvise(base, wanted, 15)  // MADV_NOHUGEPAGE
        noteRoom()
    }

    deinit {
        // SAFETY: mapped or allocated by `init`.
        guard capacity > 0 else { return unsafe base.deallocate() }
        unsafe munmap(base, capacity)
        unsafe munmap(records, Region.recordBytes(of: capacity))
    }

    private static func recordBytes(of byteCount: Int) -> Int {
        max(1, byteCount >> (pageShift - PageRecord.byteShift))
    }

    private static func map(_ byteCount: Int, _ access: Int32) -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let address = unsafe mmap(nil, byteCount, access, flags, -1, 0)
        return unsafe address == MAP_FAILED ? nil : address
    }

    // MARK: Taking and giving

    /// Takes `count` adjacent pages for an arena.
    ///
    /// Ends the process if there are none: callers must have checked `hasRoom`.
    func take(_ count: UInt32, isSmall: Bool) -> UInt32 {
        if hasReturned.load(ordering: .relaxed) { takeUpReturned() }
        let page =
            isSmall
            ? upper.free.take(count) ?? takeUpper(count) ?? lower.free.take(count)
                ?? takeLower(count)
            : lower.free.take(count) ?? takeLower(count) ?? upper.free.take(count)
                ?? takeUpper(count)
        guard let page else { apus_out_of_memory(Int(count) << Region.pageShift) }
        return page
    }

    private func takeLower(_ count: UInt32) -> UInt32? {
        let end = lowerEnd + Int(count) << Region.pageShift
        guard end <= upperStart, canWrite(upTo: end) else { return nil }
        let page = lower.edge
        lower.edge += count
        // Make the next part writable now, so that this cannot fail halfway through a change.
        _ = canWrite(upTo: min(end + reserve, upperStart))
        if end > Region.hugeFrom { showEnd(end) }
        noteRoom()
        return page
    }

    private func takeUpper(_ count: UInt32) -> UInt32? {
        let start = upperStart - Int(count) << Region.pageShift
        guard start >= lowerEnd, canWrite(downTo: start) else { return nil }
        upper.edge -= count
        _ = canWrite(downTo: max(start - Region.smallReserve, lowerEnd))
        noteRoom()
        return upper.edge
    }

    /// Takes back pages that hold nothing.
    func give(_ pages: Range<UInt32>) {
        if idlePageCount + pages.count > Region.idlePagesKept { release(pages) }
        if pages.lowerBound >= upper.edge { upper.free.give(pages) } else { lower.free.give(pages) }
    }

    /// Takes back all pages of a destroyed arena, in ascending order; callable from any thread.
    func takeBack(_ runs: [Range<UInt32>]) {
        guard !runs.isEmpty else { return }
        for run in runs { release(run) }
        returned.withLock { $0.append(contentsOf: runs) }
        hasReturned.store(true, ordering: .relaxed)
    }

    /// Moves pages that were handed back to the free runs.
    private func takeUpReturned() {
        hasReturned.store(false, ordering: .relaxed)
        var runs = returned.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        runs.sort { $0.lowerBound < $1.lowerBound }
        let parting = runs.firstIndex { $0.lowerBound >= upper.edge } ?? runs.count
        lower.free.give(ascending: runs[..<parting])
        upper.free.give(ascending: runs[parting...])
        // The idle pages among those at the edges may still be resident.
        if let last = lower.free.takeLast(endingAt: lower.edge) {
            release(last)
            lower.edge = last.lowerBound
            askedEnd = Region.hugeFrom
            shownEnd.store(lowerEnd, ordering: .releasing)
            bell?.ring()
        }
        if let first = upper.free.takeFirst(beginningAt: upper.edge) {
            release(first)
            upper.edge = first.upperBound
        }
        noteRoom()
    }

    private func release(_ pages: Range<UInt32>) {
        // SAFETY: no block in these pages is in use; they read as zeros from now on.
        unsafe _ = madvise(
            base + Int(pages.lowerBound) << Region.pageShift,
            pages.count << Region.pageShift,
            Int32(MADV_DONTNEED)
        )
    }

    /// The number of free pages.
    public var idlePageCount: Int { lower.free.pageCount + upper.free.pageCount }

    /// Returns memory that free pages still hold to the system.
    ///
    /// Complexity: O(free runs).
    public func giveBackIdlePages() {
        lower.free.forEach { release($0) }
        upper.free.forEach { release($0) }
    }

    // MARK: Free space

    private var lowerEnd: Int { Int(lower.edge) << Region.pageShift }
    private var upperStart: Int { Int(upper.edge) << Region.pageShift }
    /// The bytes of address space never taken.
    private var unused: Int { upperStart - lowerEnd }

    /// The space kept for commands already admitted: more than any of them takes without a check.
    private var reserve: Int {
        min(Region.smallReserve + (capacity - unused) / 64, capacity / 4)
    }
    private static let smallReserve = 1 << 20

    /// Mirrors `isTight` in bit 31 of the word at `mark`.
    public func showTightness(at mark: Cell) {
        tightMark = mark
        noteRoom()
    }

    private func noteRoom() {
        isTight = isLimited || unused < Region.tightBelow
        guard let tightMark else { return }
        let word: UInt32 = tightMark.load(0)
        tightMark.store(isTight ? word | Region.tightBit : word & ~Region.tightBit, 0)
    }

    /// Whether a request may take `byteCount` bytes, given `slack` unused bytes in its arena.
    ///
    /// What it takes beyond that comes from the reserve. Once the untouched pages are down to the
    /// reserve, free pages count, and finally, for small requests, the gaps within pages.
    public func hasRoom(for byteCount: Int, slack: Int, of pageBytes: Int) -> Bool {
        if hasReturned.load(ordering: .relaxed) { takeUpReturned() }
        if byteCount < unused - reserve, canTake(byteCount + reserve) { return true }
        guard hasReserve else { return false }
        let free = idlePageCount << Region.pageShift
        if byteCount <= (free - reserve) / 2 {
            return byteCount <= Region.smallBytes || byteCount <= largestFree
        }
        return byteCount <= Region.smallBytes && slack >= pageBytes / 4
    }

    /// Whether half of the reserve, or a run of free pages that long, is left.
    ///
    /// That is enough for requests that change data without adding much.
    public var hasReserve: Bool {
        let half = reserve / 2
        return unused > half && canTake(half) || largestFree > half
    }

    /// Requests of at most this many bytes take single pages.
    private static let smallBytes = 1 << 18

    private var largestFree: Int {
        max(lower.free.largest, upper.free.largest) << Region.pageShift
    }

    /// Whether `byteCount` untouched bytes are writable or can be made so.
    private func canTake(_ byteCount: Int) -> Bool {
        canWrite(upTo: lowerEnd + byteCount)
            && canWrite(downTo: max(upperStart - min(byteCount, Region.smallReserve), lowerEnd))
    }

    /// Makes the reservation writable up to `end` and some way past it.
    ///
    /// Returns false if the system commits no more memory.
    private func canWrite(upTo end: Int) -> Bool {
        guard end > lower.writable else { return true }
        let step = end > Region.hugeStep ? Region.hugeStep : Region.smallStep
        let target = min((end + step - 1) / step * step, capacity)
        guard makeWritable(lower.writable..<target) else { return false }
        lower.writable = target
        return true
    }

    private func canWrite(downTo start: Int) -> Bool {
        guard start < upper.writable else { return true }
        let target = start / Region.smallStep * Region.smallStep
        guard makeWritable(target..<upper.writable) else { return false }
        upper.writable = target
        return true
    }

    private func makeWritable(_ bytes: Range<Int>) -> Bool {
        // SAFETY: within the reservation.
        unsafe mprotect(base + bytes.lowerBound, bytes.count, PROT_READ | PROT_WRITE) == 0
    }
}
