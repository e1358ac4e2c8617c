internal import CSupport
internal import Glibc

/// A growable byte buffer with a single owner: reply buffers, query buffers, log records.
///
/// Growth doubles the capacity; no memory is allocated before the first byte.
///
/// ## Invariants
/// `0 ≤ count ≤ capacity`; `base` is nil exactly when `capacity` is zero.
@safe
public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>?
    /// The number of bytes.
    @inlinable public var count: Int { used }
    @usableFromInline var used = 0
    /// The number of bytes that fit without growing.
    public internal(set) var capacity = 0

    /// Creates an empty buffer without memory.
    public init() { unsafe base = nil }

    /// Creates an empty buffer with room for `capacity` bytes.
    public init(capacity: Int) {
        unsafe base = nil
        reserve(capacity)
    }

    deinit { unsafe free(base) }

    /// All bytes, for reading; valid until the next change.
    @inlinable
    public var bytes: Bytes {
        // SAFETY: `count` bytes are initialised.
        guard let base = unsafe base else { return Bytes() }
        return unsafe Bytes(base: base, count: count)
    }

    /// The memory of the buffer, for editing its bytes in place; valid until the buffer grows.
    public var cell: Cell {
        // SAFETY: `capacity` bytes are there; an empty buffer is not dereferenced.
        guard let base = unsafe base else {
            return unsafe Cell(UnsafeMutableRawPointer(mutating: Bytes().base))
        }
        return unsafe Cell(UnsafeMutableRawPointer(base), count: capacity)
    }

    /// Makes room for `extra` bytes after `count` and returns its address.
    @inlinable
    @inline(__always)
    public mutating func room(_ extra: Int) -> UnsafeMutablePointer<UInt8> {
        if _slowPath(capacity &- count < extra) { reserve(extra) }
        // SAFETY: `base` is not nil, as `extra` is positive or there was memory already.
        return unsafe base.unsafelyUnwrapped + count
    }

    /// Adds `extra` bytes, written at `room`, to the contents.
    @inlinable
    @inline(__always)
    public mutating func commit(_ extra: Int) {
        used &+= extra
        assert(used <= capacity)
    }

    /// Makes room for `extra` more bytes; ends the process if there is no memory.
    @inline(never)
    public mutating func reserve(_ extra: Int) {
        guard reserve(ifAvailable: extra) else { apus_out_of_memory(extra) }
    }

    /// Makes room for `extra` more bytes.
    ///
    /// If there is no memory, returns false and leaves the buffer unchanged.
    public mutating func reserve(ifAvailable extra: Int) -> Bool {
        let needed = count + max(extra, 1)
        guard needed > capacity else { return true }
        let target = max(needed, capacity * 2, 64)
        // SAFETY: `base` came from malloc or is nil.
        guard let grown = unsafe realloc(base, target) else { return false }
        unsafe base = grown.assumingMemoryBound(to: UInt8.self)
        capacity = target
        return true
    }

    /// Appends `bytes`.
    @inlinable
    public mutating func append(_ bytes: Bytes) {
        guard bytes.count > 0 else { return }
        // SAFETY: room for exactly these bytes.
        unsafe bytes.copy(to: room(bytes.count))
        commit(bytes.count)
    }

    /// Appends the bytes of a literal.
    @inlinable
    public mutating func append(_ literal: StaticString) { append(Bytes(literal)) }

    /// Appends one byte.
    @inlinable
    public mutating func append(_ byte: UInt8) {
        // SAFETY: room for one byte.
        unsafe room(1).pointee = byte
        commit(1)
    }

    /// Appends `count` bytes, which `body` writes.
    @inlinable
    @inline(__always)
    public mutating func append(count: Int, _ body: (Cell) -> Void) {
        // SAFETY: room for exactly these bytes.
        body(unsafe Cell(UnsafeMutableRawPointer(room(count)), count: count))
        commit(count)
    }

    /// Appends the four bytes of a number, the lowest first.
    @inlinable
    public mutating func append(littleEndian number: UInt32) {
        // SAFETY: room for four bytes.
        let place = unsafe UnsafeMutableRawPointer(room(4))
        unsafe place.storeBytes(of: number.littleEndian, as: UInt32.self)
        commit(4)
    }

    /// Appends `value` as decimal text.
    @inlinable
    public mutating func append(decimal value: Int64) {
        // SAFETY: room for the longest number.
        let written = unsafe DecimalText.write(value, to: room(DecimalText.byteCountMax))
        commit(written)
    }

    /// Appends `value` as decimal text.
    public mutating func append(unsigned value: UInt64) {
        // SAFETY: room for the longest number.
        let written = unsafe DecimalText.write(
            unsigned: value,
            to: room(DecimalText.byteCountMax)
        )
        commit(written)
    }

    /// Appends the text of `string`, for the control plane.
    public mutating func append(string: String) {
        var copy = string
        copy.withUTF8 { utf8 in
            if let base = utf8.baseAddress {
                unsafe append(Bytes(base: base, count: utf8.count))
            }
        }
    }

    /// Removes the first `dropped` bytes.
    ///
    /// Complexity: O(rest).
    public mutating func removeFirst(_ dropped: Int) {
        precondition(dropped >= 0 && dropped <= count, "the buffer has fewer bytes")
        guard dropped > 0, let base = unsafe base else { return }
        // SAFETY: both ends lie within `count`.
        unsafe _ = memmove(base, base + dropped, count - dropped)
        used -= dropped
    }

    /// Shrinks a large buffer that holds only a few bytes.
    public mutating func shrink() {
        let fit = max(count, 64)
        guard capacity >= 4096, fit < capacity / 4, let base = unsafe base else { return }
        // SAFETY: `base` came from malloc; a block that cannot be shrunk stays as it is.
        guard let smaller = unsafe realloc(base, fit) else { return }
        unsafe self.base = smaller.assumingMemoryBound(to: UInt8.self)
        capacity = fit
    }

    /// Truncates the buffer to its first `length` bytes.
    @inlinable
    public mutating func truncate(to length: Int) {
        precondition(length >= 0 && length <= count, "the buffer has fewer bytes")
        used = length
    }

    /// Removes all bytes; frees the memory if it is more than `keep`.
    public mutating func removeAll(keep: Int) {
        used = 0
        guard capacity > keep else { return }
        unsafe free(base)
        unsafe base = nil
        capacity = 0
    }

    /// Moves the bytes after `position + bodyCount` to `position`, before the body.
    ///
    /// The moved part is a header of at most 64 bytes, which was written after its body.
    public mutating func rotateTail(from position: Int, bodyCount: Int) {
        let headCount = count - position - bodyCount
        precondition(headCount >= 0 && headCount <= 64, "the head is short")
        guard let base = unsafe base, headCount > 0, bodyCount > 0 else { return }
        // SAFETY: all ranges lie within `count`; the scratch holds the head.
        unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { scratch in
            guard let head = scratch.baseAddress else { return }
            unsafe _ = memcpy(head, base + position + bodyCount, headCount)
            unsafe _ = memmove(base + position + headCount, base + position, bodyCount)
            unsafe _ = memcpy(base + position, head, headCount)
        }
    }
}
