public import Structures

/// The order in which a shard evicts its keys, apart from the keys' states.
///
/// ```text
///  new key ──▶ ring ──── not used ───▶ evicted, and remembered in `ghosts`
///    │ │         └────── used ──────┐
///    │ └ was remembered ──────────┐ │
///    └ memory is free ──────────┐ │ │
///                               ▼ ▼ ▼
///                  the hand, which circles all buckets ──▶ evicted
/// ```
/// A new key stays in the ring for a while and is kept only if it is used again before it leaves. A
/// scan therefore displaces only a small part of the keys, and frequently used keys stay. None of
/// this exists before the first eviction.
///
/// Source: J. Yang et al., "FIFO Queues are All You Need for Cache Eviction" (S3-FIFO), SOSP 2023;
/// here, the main queue is the table itself, in the order of its buckets, as in CLOCK.
struct EvictionOrder {
    var ring = ProbationRing()
    var ghosts = GhostTable()
    /// The next bucket that the hand visits.
    var hand = 0
    /// Whether the hand has yet to complete its first lap, so that states may be out of date.
    var isFirstLap = true
    /// Whether new keys are on probation; not under `lrm`, as they have just been written.
    var hasProbation = true
    /// The number of keys chosen so far.
    var chosen = 0

    /// The hand takes every `handEvery`th turn even if the ring is full.
    ///
    /// Otherwise, keys that have fallen out of use would never be evicted while new keys keep
    /// coming.
    static let handEvery = 64
    /// The percentage of keys on probation to which eviction reduces the ring.
    static let probationPercent = 12
    /// The percentage of keys that may be on probation while nothing needs to be evicted.
    static let probationPercentMax = 24

    /// Whether the hand, rather than the ring, chooses the next key.
    mutating func isHandsTurn() -> Bool {
        chosen &+= 1
        return chosen % EvictionOrder.handEvery == 0
    }
}

/// A key that is to be evicted.
public struct EvictionVictim: Sendable {
    /// Its entry, whose block does not move while other keys are evicted.
    public let entry: Entry
    /// Whether it was on probation.
    public let wasOnProbation: Bool
}
