public import CSupport

/// A borrowed run of bytes: a word of a request, a key, a value.
///
/// It is like a `Span<UInt8>` but may be stored and returned; docs/decisions/0002-bytes.md explains
/// why. Reads are bounds-checked.
///
/// ## Invariants
/// `base` is readable for `count` bytes for as long as the owner guarantees: a request's words
/// until its command ends, an entry's bytes until its shard next changes.
@safe
@frozen
public struct Bytes {
    /// The first byte; never dereferenced when `count` is zero.
    public let base: UnsafePointer<UInt8>
    /// The number of bytes.
    public let count: Int

    /// Creates a run of `count` bytes at `base`.
    @inlinable
    public init(base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    /// Creates a run of `count` bytes at a raw address.
    @inlinable
    public init(raw: UnsafeRawPointer, count: Int) {
        unsafe self.base = raw.assumingMemoryBound(to: UInt8.self)
        self.count = count
    }

    /// Creates an empty run.
    @inlinable
    public init() {
        self.init(StaticString(""))
    }

    /// The bytes of a literal, which live forever.
    @inlinable
    public init(_ literal: StaticString) {
        unsafe self.base = literal.utf8Start
        self.count = literal.utf8CodeUnitCount
    }

    /// Whether there are no bytes.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The byte at `index`.
    ///
    /// Precondition: `0 ≤ index < count`.
    @inlinable
    public subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "byte index out of range")
        // SAFETY: just checked.
        return unsafe base[index]
    }

    /// The bytes in `range`.
    ///
    /// Precondition: `range` lies within `0..<count`.
    @inlinable
    public subscript(range: Range<Int>) -> Bytes {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= count,
            "byte range out of bounds"
        )
        // SAFETY: just checked.
        return unsafe Bytes(base: base + range.lowerBound, count: range.count)
    }

    /// The bytes from `start` on.
    @inlinable
    public func dropFirst(_ start: Int) -> Bytes { self[start..<count] }

    /// Whether both have the same bytes.
    ///
    /// Up to 16 bytes are compared without a call, the last ones first, as names with a common
    /// prefix mostly differ at the end.
    ///
    /// Complexity: O(`count`).
    @inlinable
    public static func == (left: Bytes, right: Bytes) -> Bool {
        let count = left.count
        guard count == right.count, left.tailWord == right.tailWord else { return false }
        guard count > 8 else { return true }
        // SAFETY: both are readable for `count` bytes, more than eight.
        let heads = unsafe (
            UnsafeRawPointer(left.base).loadUnaligned(as: UInt64.self),
            UnsafeRawPointer(right.base).loadUnaligned(as: UInt64.self)
        )
        guard heads.0 == heads.1 else { return false }
        return unsafe count <= 16 || memcmp(left.base + 8, right.base + 8, count &- 16) == 0
    }

    /// The last eight bytes, little-endian; of a shorter run, all bytes in some order.
    ///
    /// For runs of the same length up to eight, the words are equal exactly if the bytes are.
    @inlinable
    public var tailWord: UInt64 {
        // SAFETY: every load lies within `count` bytes.
        let raw = unsafe UnsafeRawPointer(base)
        if count >= 8 {
            return unsafe raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        }
        if count >= 4 {
            let low = unsafe raw.loadUnaligned(as: UInt32.self)
            let high = unsafe raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return UInt64(low) << 32 | UInt64(high)
        }
        guard count > 0 else { return 0 }
        let ends = unsafe UInt64(base[0]) << 16 | UInt64(base[count &- 1])
        return unsafe ends | UInt64(base[count >> 1]) << 8
    }

    /// The first eight bytes as a big-endian number, padded with zeros.
    ///
    /// The order of these numbers is that of the runs; they are equal if the first eight bytes are.
    @inlinable
    public var leadingWord: UInt64 {
        // SAFETY: every load lies within `count` bytes.
        if count >= 8 {
            let raw = unsafe UnsafeRawPointer(base)
            return unsafe raw.loadUnaligned(as: UInt64.self).bigEndian
        }
        var word: UInt64 = 0
        for index in 0..<count { word |= unsafe UInt64(base[index]) << UInt64(56 &- index &* 8) }
        return word
    }

    /// Negative, zero or positive if `self` sorts before, with or after `other`, bytewise.
    @inlinable
    public func compare(_ other: Bytes) -> Int {
        let shared = min(count, other.count)
        // SAFETY: both are readable for `shared` bytes.
        let order = unsafe shared == 0 ? 0 : Int(memcmp(base, other.base, shared))
        return order != 0 ? order : count - other.count
    }

    /// The index of the first `byte` from `start` on, or nil.
    ///
    /// Complexity: O(`count`).
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        precondition(start >= 0, "no such index")
        guard start < count else { return nil }
        // SAFETY: the bytes from `start` on are readable.
        guard let found = unsafe memchr(base + start, Int32(byte), count &- start) else {
            return nil
        }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    /// Whether these are the letters of `word`, ignoring case.
    ///
    /// Precondition: `word` is ASCII in upper case.
    @inlinable
    public func isWord(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        // SAFETY: both have `count` bytes.
        let letters = unsafe word.utf8Start
        for index in 0..<count {
            var byte = unsafe base[index]
            if byte &- UInt8(ascii: "a") < 26 { byte &-= 0x20 }
            if unsafe byte != letters[index] { return false }
        }
        return true
    }

    /// Copies all bytes to `target`, which has room for `count`.
    @inlinable
    public func copy(to target: UnsafeMutableRawPointer) {
        // SAFETY: the caller guarantees the room; the two do not overlap.
        unsafe _ = memcpy(target, base, count)
    }

    /// As `copy`, but inline for up to 32 bytes.
    @inlinable
    @inline(__always)
    public func copyInline(to target: UnsafeMutableRawPointer) {
        // SAFETY: every load and store lies within `count` bytes; the two do not overlap.
        let source = unsafe UnsafeRawPointer(base)
        if count >= 16 {
            guard count <= 32 else { return unsafe copy(to: target) }
            let head = unsafe source.loadUnaligned(as: SIMD2<UInt64>.self)
            let rest = count &- 16
            let tail = unsafe source.loadUnaligned(fromByteOffset: rest, as: SIMD2<UInt64>.self)
            unsafe target.storeBytes(of: head, as: SIMD2<UInt64>.self)
            unsafe target.storeBytes(of: tail, toByteOffset: rest, as: SIMD2<UInt64>.self)
        } else if count >= 8 {
            let head = unsafe source.loadUnaligned(as: UInt64.self)
            let rest = count &- 8
            let tail = unsafe source.loadUnaligned(fromByteOffset: rest, as: UInt64.self)
            unsafe target.storeBytes(of: head, as: UInt64.self)
            unsafe target.storeBytes(of: tail, toByteOffset: rest, as: UInt64.self)
        } else if count >= 4 {
            let head = unsafe source.loadUnaligned(as: UInt32.self)
            let rest = count &- 4
            let tail = unsafe source.loadUnaligned(fromByteOffset: rest, as: UInt32.self)
            unsafe target.storeBytes(of: head, as: UInt32.self)
            unsafe target.storeBytes(of: tail, toByteOffset: rest, as: UInt32.self)
        } else if count > 0 {
            let (last, middle) = (count &- 1, count >> 1)
            let ends = unsafe (base[0], base[middle], base[last])
            unsafe target.storeBytes(of: ends.0, as: UInt8.self)
            unsafe target.storeBytes(of: ends.1, toByteOffset: middle, as: UInt8.self)
            unsafe target.storeBytes(of: ends.2, toByteOffset: last, as: UInt8.self)
        }
    }

    /// The bytes as a string, for logs and the control plane; invalid UTF-8 is repaired.
    public var string: String {
        // SAFETY: readable for `count` bytes.
        unsafe String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self)
    }

    /// A copy of the bytes as an array, for the control plane.
    public var array: [UInt8] {
        // SAFETY: readable for `count` bytes.
        unsafe Array(UnsafeBufferPointer(start: base, count: count))
    }
}

extension Array where Element == UInt8 {
    /// Appends a copy of `bytes`.
    public mutating func append(_ bytes: Bytes) {
        // SAFETY: readable for `count` bytes.
        unsafe append(contentsOf: UnsafeBufferPointer(start: bytes.base, count: bytes.count))
    }

    /// Calls `body` with the array's bytes.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ body: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // SAFETY: the array keeps its elements alive while `body` runs.
        unsafe try withUnsafeBufferPointer { buffer throws(Failure) in
            guard let base = buffer.baseAddress else { return try body(Bytes()) }
            return try unsafe body(Bytes(base: base, count: buffer.count))
        }
    }
}

extension Bytes {
    /// Whether both are the same bytes in memory, not merely equal ones.
    public func isSameRun(as other: Bytes) -> Bool {
        unsafe base == other.base && count == other.count
    }
}

extension Bytes {
    /// Whether both consist of the same letters, ignoring case.
    public func isSameWord(as other: Bytes) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count {
            var left = self[index]
            var right = other[index]
            if left &- UInt8(ascii: "a") < 26 { left &-= 0x20 }
            if right &- UInt8(ascii: "a") < 26 { right &-= 0x20 }
            if left != right { return false }
        }
        return true
    }
}

extension Bytes {
    /// Extends `tail` by the `count` bytes before it, which belong to the same memory.
    public init(_ tail: Bytes, extendedBack count: Int) {
        unsafe self.init(base: tail.base - count, count: tail.count + count)
    }
}
