internal import CSupport
internal import Glibc

/// A reference-counted large value outside the arena, which can be sent while it is being replaced.
///
/// ```text
/// 0           8         16          24
/// ┌───────────┬─────────┬───────────┬──────────────────────
/// │ references│ count   │ capacity  │ bytes
/// └───────────┴─────────┴───────────┴──────────────────────
/// ```
/// The reference count is atomic. The bytes may be changed only by a sole holder (`isShared` is
/// false) that holds the lock of the shard with the value.
@safe
@frozen
public struct SharedBlock: @unchecked Sendable {  // because: see above
    /// The address of the block, as stored in an entry.
    public let address: UInt

    private static let headerBytes = 24

    /// Creates a reference from an address returned by `init(capacity:)`.
    @inlinable
    public init(address: UInt) { self.address = address }

    /// Creates an empty block with one reference.
    ///
    /// Ends the process if there is no memory.
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

    /// As `init(capacity:)`, but nil if there is not enough memory.
    public init?(ifAvailable capacity: Int) {
        guard SharedBlock.isAvailable(capacity) else { return nil }
        self.init(capacity: capacity)
    }

    /// Whether the system has memory for a block of `capacity` bytes.
    ///
    /// Takes two system calls if the block is large.
    public static func isAvailable(_ capacity: Int) -> Bool {
        guard capacity > bytesForSure else { return true }
        let (byteCount, overflow) = capacity.addingReportingOverflow(headerBytes + pageBytes)
        return !overflow && apus_can_allocate(byteCount)
    }

    /// Up to this size, blocks are allocated without checking first.
    private static let bytesForSure = 16 << 20

    /// Creates a block of `count` zeros with one reference.
    ///
    /// The system commits the memory as it is touched.
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

    /// Reallocates the block with room for `capacity` bytes; only for its sole holder.
    ///
    /// The new block, at another address, replaces this one. The system moves large blocks without
    /// copying them.
    public func grown(to capacity: Int) -> SharedBlock {
        guard let block = grown(ifAvailable: capacity) else { apus_out_of_memory(capacity) }
        return block
    }

    /// As `grown(to:)`, but returns nil and leaves the block unchanged if there is no memory.
    public func grown(ifAvailable capacity: Int) -> SharedBlock? {
        precondition(!isShared && capacity >= count, "another holder would lose its bytes")
        // SAFETY: the sole holder gives up the old address.
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

    /// The number of bytes in use.
    public var count: Int {
        get { cell.load(8) }
        nonmutating set {
            precondition(newValue <= capacity, "the block is too small")
            cell.store(newValue, 8)
        }
    }

    /// The number of bytes that fit.
    public var capacity: Int { cell.load(16) }

    /// The size of the block in memory.
    public var byteCount: Int { SharedBlock.headerBytes + capacity }

    /// The bytes in use, borrowed.
    public var bytes: Bytes { cell.bytes(SharedBlock.headerBytes, count) }

    /// The memory for bytes, for the sole holder.
    public var storage: Cell {
        // SAFETY: `capacity` bytes follow the header.
        unsafe Cell(cell.base + SharedBlock.headerBytes, count: capacity)
    }

    /// Whether there is another holder.
    public var isShared: Bool {
        // SAFETY: the count is the block's first word.
        unsafe apus_count_read(cell.base.assumingMemoryBound(to: UInt32.self)) > 1
    }

    /// Adds a reference.
    public func retain() {
        // SAFETY: as above.
        unsafe _ = apus_count_up(cell.base.assumingMemoryBound(to: UInt32.self))
    }

    /// Drops a reference; the last one frees the block.
    public func release() {
        // SAFETY: as above; nobody else can reach a block without references.
        if unsafe apus_count_down(cell.base.assumingMemoryBound(to: UInt32.self)) == 0 {
            unsafe free(cell.base)
        }
    }

    /// Returns about `byteCount` bytes at the end of the block to the system; for a sole holder.
    ///
    /// The bytes must no longer be needed. Returns whether there is more to free. This frees a
    /// large block in slices, as the system needs a microsecond for a few pages.
    public func giveBack(_ byteCount: Int) -> Bool {
        precondition(!isShared, "another holder would lose its bytes")
        let pages = SharedBlock.pageBytes - 1
        let start = (Int(bitPattern: address) + SharedBlock.headerBytes + pages) & ~pages
        let end = (Int(bitPattern: address) + SharedBlock.headerBytes + capacity) & ~pages
        let from = max(start, end - max(byteCount & ~pages, SharedBlock.pageBytes))
        guard from < end, let base = unsafe UnsafeMutableRawPointer(bitPattern: from) else {
            return false
        }
        // SAFETY: whole pages within the block, after its header.
        unsafe _ = madvise(base, end - from, MADV_DONTNEED)
        cell.store(0, 8)
        cell.store(from - Int(bitPattern: address) - SharedBlock.headerBytes, 16)
        return from > start
    }

    private static let pageBytes = 4096
}
