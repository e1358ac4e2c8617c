public import Primitives

/// What commands count for INFO.
public enum CommandCount: Int, CaseIterable, Sendable {
    /// Lookups by reading commands that found the key, and that did not.
    case hits
    case misses
    /// Keys, and fields of hashes, removed because they were due.
    case expiredKeys
    case expiredFields
}

/// The counters of commands: the worker that runs them counts, any thread may read.
@frozen
public struct CommandStatistics: ~Copyable, Sendable {
    @usableFromInline let counters: InlineArray<4, Counter>

    /// All zero.
    public init() {
        counters = InlineArray { _ in Counter() }
        precondition(counters.count == CommandCount.allCases.count, "a counter for every case")
    }

    /// Where a counter stands.
    public subscript(which: CommandCount) -> UInt64 { counters[which.rawValue].value }

    /// Adds to a counter.
    @inlinable
    @inline(__always)
    public func add(_ which: CommandCount, _ count: UInt64 = 1) {
        counters[which.rawValue].add(count)
    }
}
