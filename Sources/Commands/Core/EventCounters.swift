public import Primitives

/// A counter for each case of an enumeration whose raw values count from zero.
///
/// Written by the worker that runs the commands, read by any thread.
@frozen
public struct EventCounters<
    Event: CaseIterable & RawRepresentable,
    let size: Int
>: ~Copyable, Sendable where Event.RawValue == Int {
    @usableFromInline let counters: InlineArray<size, Counter>

    /// Creates counters at zero.
    public init() {
        counters = InlineArray { _ in Counter() }
        precondition(size == Event.allCases.count, "a counter for every case")
    }

    /// The value of a counter.
    @inlinable public subscript(which: Event) -> UInt64 { counters[which.rawValue].value }

    /// Adds to a counter.
    @inlinable
    @inline(__always)
    public func add(_ which: Event, _ count: UInt64 = 1) {
        counters[which.rawValue].add(count)
    }
}
