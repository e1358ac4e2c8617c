public import Primitives

/// The counters of commands for INFO.
public enum CommandCount: Int, CaseIterable, Sendable {
    /// Lookups by read commands that found the key, or did not.
    case hits
    case misses
    /// Keys, and fields of hashes, removed because they expired.
    case expiredKeys
    case expiredFields
    /// Keys evicted because memory had run out.
    case evictedKeys
}

/// The counters of commands: written by the worker that runs them, read by any thread.
@frozen
public struct CommandStatistics: ~Copyable, Sendable {
    @usableFromInline let counters: InlineArray<5, Counter>

    /// Creates counters at zero.
    public init() {
        counters = InlineArray { _ in Counter() }
        precondition(counters.count == CommandCount.allCases.count, "a counter for every case")
    }

    /// The value of a counter.
    public subscript(which: CommandCount) -> UInt64 { counters[which.rawValue].value }

    /// Adds to a counter.
    @inlinable
    @inline(__always)
    public func add(_ which: CommandCount, _ count: UInt64 = 1) {
        counters[which.rawValue].add(count)
    }
}
