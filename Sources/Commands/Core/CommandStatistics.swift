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

/// The counters of commands.
public typealias CommandStatistics = EventCounters<CommandCount, 5>
