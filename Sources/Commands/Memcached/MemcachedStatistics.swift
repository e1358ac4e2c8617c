public import Primitives

/// What memcached's `stats` counts beside what INFO counts.
public enum MemcachedCount: Int, CaseIterable, Sendable {
    case gets, sets, flushes, touches, metas
    case getHits, getMisses, getExpired
    case deleteHits, deleteMisses
    case incrHits, incrMisses
    case decrHits, decrMisses
    case casHits, casMisses, casMismatches
    case touchHits, touchMisses
    case tooLarge
    case authentications, authenticationFailures
}

/// The counters of memcached's requests: written by the worker that runs them, read by any thread.
@frozen
public struct MemcachedStatistics: ~Copyable, Sendable {
    @usableFromInline let counters: InlineArray<22, Counter>

    /// Creates counters at zero.
    public init() {
        counters = InlineArray { _ in Counter() }
        precondition(counters.count == MemcachedCount.allCases.count, "a counter for every case")
    }

    /// The value of a counter.
    public subscript(which: MemcachedCount) -> UInt64 { counters[which.rawValue].value }

    /// Adds to a counter.
    @inlinable
    @inline(__always)
    public func add(_ which: MemcachedCount, _ count: UInt64 = 1) {
        counters[which.rawValue].add(count)
    }
}
