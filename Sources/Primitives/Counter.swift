public import Synchronization

/// A number that one thread keeps and any thread reads, never torn, without a lock.
///
/// The owner's addition is one plain instruction: the word is loaded and stored relaxed, not
/// exchanged. Two threads that both add lose counts, so a counter has one owner. What a reader has
/// seen of one counter says nothing about any other.
@frozen
public struct Counter: ~Copyable, Sendable {
    @usableFromInline let word: Atomic<UInt64>

    /// A counter that stands at `value`.
    @inlinable
    public init(_ value: UInt64 = 0) { word = Atomic(value) }

    /// Where the counter stands.
    @inlinable
    public var value: UInt64 {
        @inline(__always) get { word.load(ordering: .relaxed) }
    }

    /// Adds `count`; the owner alone calls it.
    @inlinable
    @inline(__always)
    public func add(_ count: UInt64 = 1) {
        word.store(word.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }

    /// Takes back `count` of what was added; the owner alone calls it.
    @inlinable
    @inline(__always)
    public func subtract(_ count: UInt64 = 1) {
        word.store(word.load(ordering: .relaxed) &- count, ordering: .relaxed)
    }

    /// Sets the counter to `value`; the owner alone calls it.
    @inlinable
    public func set(_ value: UInt64) { word.store(value, ordering: .relaxed) }
}
