public import Primitives

/// The words of one request, starting with the command's name.
///
/// ## Invariants
/// The words are in the connection's query buffer and stay readable until the command ends.
@safe
@frozen
public struct Arguments {
    @usableFromInline let base: UnsafePointer<Bytes>
    /// The number of words, at least one.
    public let count: Int

    /// Creates a view of `count` words at `base`.
    @inlinable
    public init(base: UnsafePointer<Bytes>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    /// The word at `index`.
    ///
    /// Precondition: `0 ≤ index < count`.
    @inlinable
    public subscript(index: Int) -> Bytes {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such word")
        // SAFETY: just checked.
        return unsafe base[index]
    }
}

extension Arguments {
    /// The words from `start` on; there must be at least one.
    public func dropFirst(_ start: Int) -> Arguments {
        precondition(start >= 0 && start < count, "no words left")
        // SAFETY: just checked.
        return unsafe Arguments(base: base + start, count: count - start)
    }

    /// Calls `body` with the address and number of the words from `start` on; there may be none.
    public func withWords<Result>(
        from start: Int,
        _ body: (UnsafePointer<Bytes>, Int) -> Result
    ) -> Result {
        precondition(start >= 0 && start <= count, "no such words")
        // SAFETY: just checked.
        return unsafe body(base + start, count - start)
    }
}

/// The words of all requests of a batch, in sequence.
///
/// ## Invariants
/// `count ≤ capacity`; the first `count` words are initialised.
@safe
public struct ArgumentVector: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<Bytes>
    @usableFromInline var capacity: Int
    /// The number of words.
    @inlinable public var count: Int { used }
    @usableFromInline var used = 0

    /// Creates a vector with room for `capacity` words.
    public init(capacity: Int = 256) {
        unsafe base = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { unsafe base.deallocate() }

    /// Appends a word.
    @inlinable
    @inline(__always)
    public mutating func append(_ word: Bytes) {
        if _slowPath(count == capacity) { grow() }
        // SAFETY: `count < capacity`.
        unsafe (base + count).initialize(to: word)
        used &+= 1
    }

    /// The `count` words from `start` on; valid until the next change.
    @inlinable
    public func arguments(_ start: Int, _ count: Int) -> Arguments {
        precondition(start >= 0 && start + count <= self.count, "no such words")
        // SAFETY: just checked.
        return unsafe Arguments(base: base + start, count: count)
    }

    /// Removes all words from `start` on.
    public mutating func truncate(to start: Int) {
        precondition(start <= count, "the vector has fewer words")
        used = start
        if count == 0, capacity > 4096 {
            unsafe base.deallocate()
            capacity = 256
            unsafe base = .allocate(capacity: capacity)
        }
    }

    @inline(never)
    @usableFromInline
    mutating func grow() {
        // SAFETY: moves the initialised words.
        let grown = UnsafeMutablePointer<Bytes>.allocate(capacity: capacity * 2)
        unsafe grown.moveInitialize(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = grown
        capacity *= 2
    }
}
