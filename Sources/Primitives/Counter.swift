public import Synchronization

/// A counter that one thread updates and any thread reads, never torn and without a lock.
///
/// An addition is one plain instruction: the word is loaded and stored relaxed, not exchanged. If
/// two threads added, counts would be lost, so a counter has one owner. Reading one counter implies
/// nothing about the values of others.
@frozen
public struct Counter: ~Copyable, Sendable {
    @usableFromInline let word: Atomic<UInt64>

    /// Creates a counter at `value`.
    @inlinable
    public init(_ value: UInt64 = 0) { word = Atomic(value) }

    /// The current value.
    @inlinable
    public var value: UInt64 {
        @inline(__always) get { word.load(ordering: .relaxed) }
    }

    /// Adds `count`; only the owner may call this.
    @inlinable
    @inline(__always)
    public func add(_ count: UInt64 = 1) {
        word.store(word.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }

    /// Subtracts `count`; only the owner may call this.
    @inlinable
    @inline(__always)
    public func subtract(_ count: UInt64 = 1) {
        word.store(word.load(ordering: .relaxed) &- count, ordering: .relaxed)
    }

    /// Sets the counter to `value`; only the owner may call this.
    @inlinable
    public func set(_ value: UInt64) { word.store(value, ordering: .relaxed) }
}
