internal import Primitives

/// The memory of shards' states. It is used again but never given back: other workers may look at
/// a table without its lock (`Keyspace.lookForBucket`), even one that is no more.
///
/// ## Invariants
/// `places` are addresses of memory for a state that no shard uses.
extension Shard {
    private static let places = Locked<[UInt]>([])

    /// Memory for a state, not initialised.
    static func newPlace() -> UnsafeMutablePointer<State> {
        let place = places.withLock { $0.popLast() }
        // SAFETY: memory that `keepPlace` was given, or fresh memory.
        return unsafe place.flatMap { unsafe UnsafeMutablePointer(bitPattern: $0) }
            ?? .allocate(capacity: 1)
    }

    /// Keeps memory for the next state; what stood there has been deinitialised.
    static func keepPlace(_ place: UnsafeMutablePointer<State>) {
        let address = UInt(bitPattern: place)
        places.withLock { $0.append(address) }
    }
}
