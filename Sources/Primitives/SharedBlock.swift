internal import CSupport
internal import Glibc

/// A large value outside the arena, counted, so that it can be sent while a writer replaces it.
///
/// ```text
/// 0           8         16          24
/// ┌───────────┬─────────┬───────────┬──────────────────────
/// │ references│ count   │ capacity  │ bytes
/// └───────────┴─────────┴───────────┴──────────────────────
/// ```
/// The reference count is atomic; the bytes may be changed only by a holder that found itself
/// alone (`isShared` false) under the lock of the shard that holds the value.
@safe
@frozen
public struct SharedBlock: @unchecked Sendable {  // because: see above
    /// The block's address, as an entry keeps it.
    public let address: UInt

    private static let headerBytes = 24

    /// Wraps an address that `init(capacity:)` made.
    @inlinable
    public init(address: UInt) { self.address = address }

    /// A new block with one reference and no bytes yet.
    ///
    /// Ends the process when there is no memory.
    public init(capacity: Int) {
        // SAFETY: fresh memory, checked.
        guard let base = unsafe malloc(SharedBlock.headerBytes + capacity) else {
            apus_out_of_memory(capacity)
        }
        address = UInt(bitPattern: base)
        cell.store(UInt64(1), 0)
        cell.store(0, 8)
        cell.store(capacity, 16)
    }

    /// As `init(capacity:)`, but nil when there is no memory for so many bytes.
    public init?(ifAvailable capacity: Int) {
        guard SharedBlock.isAvailable(capacity) else { return nil }
        self.init(capacity: capacity)
    }

    /// Whether the system has memory for a block of `capacity` bytes: two system calls where the
    /// block is large.
    public static func isAvailable(_ capacity: Int) -> Bool {
        guard capacity > bytesForSure else { return true }
        let (byteCount, overflow) = capacity.addingReportingOverflow(headerBytes + pageBytes)
        return !overflow && apus_can_allocate(byteCount)
    }

    /// Nobody asks before taking so many bytes.
    private static let bytesForSure = 16 << 20

    /// A new block with one reference that holds `count` zeros.
    ///
    /// The system gives memory only as it is touched.
    public init(zeros count: Int) {
        // SAFETY: fresh memory, checked.
        guard let base = unsafe calloc(1, SharedBlock.headerBytes + count) else {
            apus_out_of_memory(count)
        }
        address = UInt(bitPattern: base)
        cell.store(UInt64(1), 0)
        cell.store(count, 8)
        cell.store(count, 16)
    }

    /// The block with room for `capacity` bytes, for its only holder: another address, which takes
    /// this one's place.
    ///
    /// The system moves large blocks without copying them.
    public func grown(to capacity: Int) -> SharedBlock {
        guard let block = grown(ifAvailable: capacity) else { apus_out_of_memory(capacity) }
        return block
    }

    /// As `grown(to:)`, but nil, and the block stays as it is, when there is no memory.
    public func grown(ifAvailable capacity: Int) -> SharedBlock? {
        precondition(!isShared && capacity >= count, "a holder would lose its bytes")
        // SAFETY: the only holder gives the old address up.
        guard let base = unsafe realloc(cell.base, SharedBlock.headerBytes + capacity) else {
            return nil
        }
        let block = SharedBlock(address: UInt(bitPattern: base))
        block.cell.store(capacity, 16)
        return block
    }

    /// The whole block.
    @usableFromInline var cell: Cell {
        guard let base = unsafe UnsafeMutableRawPointer(bitPattern: address) else {
            preconditionFailure("a block has an address")
        }
        return unsafe Cell(base)
    }

    /// The bytes in use.
    public var count: Int {
        get { cell.load(8) }
        nonmutating set {
            precondition(newValue <= capacity, "more than the block holds")
            cell.store(newValue, 8)
        }
    }

    /// The bytes that fit.
    public var capacity: Int { cell.load(16) }

    /// What the block takes of memory.
    public var byteCount: Int { SharedBlock.headerBytes + capacity }

    /// The bytes in use, lent.
    public var bytes: Bytes { cell.bytes(SharedBlock.headerBytes, count) }

    /// The room for bytes, for its only holder.
    public var storage: Cell {
        // SAFETY: as many bytes as fit stand behind the header.
        unsafe Cell(cell.base + SharedBlock.headerBytes, count: capacity)
    }

    /// Whether another holder reads the block.
    public var isShared: Bool {
        // SAFETY: the count is the block's first word.
        unsafe apus_count_read(cell.base.assumingMemoryBound(to: UInt32.self)) > 1
    }

    /// Adds a holder.
    public func retain() {
        // SAFETY: as above.
        unsafe _ = apus_count_up(cell.base.assumingMemoryBound(to: UInt32.self))
    }

    /// Takes a holder away; the last one frees the block.
    public func release() {
        // SAFETY: as above; nobody else can reach a block without holders.
        if unsafe apus_count_down(cell.base.assumingMemoryBound(to: UInt32.self)) == 0 {
            unsafe free(cell.base)
        }
    }

    /// Gives the memory of the last `byteCount` bytes back to the system, about; for the only
    /// holder, who needs none of the bytes any more.
    ///
    /// Whether there is more to give.
    ///
    /// The end of a large block's life, in slices: the system takes a microsecond for a few pages.
    public func giveBack(_ byteCount: Int) -> Bool {
        precondition(!isShared, "another holder would lose its bytes")
        let pages = SharedBlock.pageBytes - 1
        let start = (Int(bitPattern: address) + SharedBlock.headerBytes + pages) & ~pages
        let end = (Int(bitPattern: address) + SharedBlock.headerBytes + capacity) & ~pages
        let from = max(start, end - max(byteCount & ~pages, SharedBlock.pageBytes))
        guard from < end, let base = unsafe UnsafeMutableRawPointer(bitPattern: from) else {
            return false
        }
        // SAFETY: whole pages within the block, behind its header.
        unsafe _ = madvise(base, end - from, MADV_DONTNEED)
        cell.store(0, 8)
        cell.store(from - Int(bitPattern: address) - SharedBlock.headerBytes, 16)
        return from > start
    }

    private static let pageBytes = 4096
}
