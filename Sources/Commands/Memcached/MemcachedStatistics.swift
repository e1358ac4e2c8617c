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
    /// Items stored, by requests of any kind.
    case stored
    case authentications, authenticationFailures
}

/// The counters of memcached's requests.
public typealias MemcachedStatistics = EventCounters<MemcachedCount, 23>
