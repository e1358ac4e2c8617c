/// A block of memory with a layout known to its user: unaligned access at byte offsets.
///
/// This is the only way from the layouts drawn in comments to raw memory. Debug builds check
/// offsets against the end of the block if it is known; each layout type documents the offsets that
/// it uses.
///
/// ## Invariants
/// `base` is readable and writable for the whole layout while its arena holds the block.
@safe
@frozen
public struct Cell: @unchecked Sendable {  // because: its owner's lock guards it
    /// The first byte.
    public let base: UnsafeMutableRawPointer

    #if DEBUG
        /// The number of bytes from `base` to the end of the block; `Int.max` if unknown.
        @usableFromInline let limit: Int
    #endif

    /// Creates a view of the block at `base`.
    @inlinable
    @inline(__always)
    public init(_ base: UnsafeMutableRawPointer) { unsafe self.init(base, count: .max) }

    /// Creates a view of the block of `count` bytes at `base`.
    @inlinable
    @inline(__always)
    public init(_ base: UnsafeMutableRawPointer, count: @autoclosure () -> Int) {
        unsafe self.base = base
        #if DEBUG
            limit = count()
        #endif
    }

    /// The block that starts `offset` bytes further on.
    @inlinable
    @inline(__always)
    public func advanced(by offset: Int) -> Cell {
        #if DEBUG
            unsafe Cell(base + offset, count: limit == .max ? .max : limit - offset)
        #else
            unsafe Cell(base + offset)
        #endif
    }

    /// In debug builds, traps if `count` bytes at `offset` extend past the end of the block.
    @inlinable
    @inline(__always)
    func check(_ offset: Int, _ count: Int) {
        #if DEBUG
            assert(count >= 0 && offset <= limit && count <= limit - offset, "beyond the block")
        #endif
    }

    /// Whether both start at the same address.
    @inlinable
    @inline(__always)
    public func isSame(as other: Cell) -> Bool { unsafe base == other.base }

    /// The value of a trivial type at `offset`.
    @inlinable
    @inline(__always)
    public func load<Value: BitwiseCopyable>(
        _ offset: Int,
        as type: Value.Type = Value.self
    ) -> Value {
        check(offset, MemoryLayout<Value>.size)
        // SAFETY: within the layout, by contract.
        return unsafe base.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// Stores a value of a trivial type at `offset`.
    @inlinable
    @inline(__always)
    public func store<Value: BitwiseCopyable>(_ value: Value, _ offset: Int) {
        check(offset, MemoryLayout<Value>.size)
        // SAFETY: within the layout, by contract.
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }

    /// The byte at `offset`.
    @inlinable
    @inline(__always)
    public func byte(_ offset: Int) -> UInt8 { load(offset) }

    /// The `count` bytes at `offset`, borrowed.
    @inlinable
    @inline(__always)
    public func bytes(_ offset: Int, _ count: Int) -> Bytes {
        check(offset, count)
        // SAFETY: within the layout, by contract.
        return unsafe Bytes(raw: base + offset, count: count)
    }

    /// Copies `bytes` to `offset`; the two may not overlap.
    @inlinable
    @inline(__always)
    public func put(_ bytes: Bytes, _ offset: Int) {
        check(offset, bytes.count)
        // SAFETY: within the layout, by contract.
        unsafe bytes.copy(to: base + offset)
    }

    /// Moves `count` bytes within the block; the two ranges may overlap.
    @inlinable
    public func move(from source: Int, to target: Int, count: Int) {
        check(source, count)
        check(target, count)
        // SAFETY: within the layout, by contract.
        unsafe (base + target).copyMemory(from: base + source, byteCount: count)
    }

    /// Fills `count` bytes from `offset` with zeros.
    @inlinable
    public func zero(_ offset: Int, _ count: Int) {
        check(offset, count)
        // SAFETY: within the layout, by contract.
        unsafe (base + offset).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }
}
