public import Structures

/// What a shard knows, besides its keys' states, of the order in which they go.
///
/// ```text
///  new key ──▶ ring ──── not used ───▶ goes, and is remembered in `ghosts`
///    │ │         └────── used ──────┐
///    │ └ was remembered ──────────┐ │
///    └ while there is room ─────┐ │ │
///                               ▼ ▼ ▼
///                  the hand, going round all buckets ──▶ goes
/// ```
/// A key must be used again soon, while it is in the ring, to stay for longer: so a scan passes
/// through a small part of the memory, and what is used often stays. Nothing of this exists before
/// the first key has to go.
///
/// Source: J. Yang et al., "FIFO Queues are All You Need for Cache Eviction" (S3-FIFO), SOSP 2023;
/// here the main queue is the table itself, in the order of its buckets, as in CLOCK.
struct EvictionOrder {
    var ring = ProbationRing()
    var ghosts = GhostTable()
    /// The bucket to which the hand comes next.
    var hand = 0
    /// Whether the hand has not been round yet, so that states may stem from an earlier time.
    var isFirstLap = true
    /// Whether new keys are on probation; not where the last write counts, as they were just
    /// written.
    var hasProbation = true
    /// The keys chosen so far.
    var chosen = 0

    /// Every so many times the hand moves although the ring is full.
    ///
    /// So what nobody uses any more goes in the end, whether what comes is used or not.
    static let handEvery = 64
    /// The part of all keys that are on probation, in percent.
    static let probationPercent = 12
    /// Far more are on probation only while none has to go.
    static let probationPercentMax = 24

    /// Whether the hand, rather than the ring, gives up the next key.
    mutating func isHandsTurn() -> Bool {
        chosen &+= 1
        return chosen % EvictionOrder.handEvery == 0
    }
}

/// A key that is to go.
public struct EvictionVictim: Sendable {
    /// Its entry, whose block stays where it is while others go.
    public let entry: Entry
    /// Whether it was on probation.
    public let wasOnProbation: Bool
}
