internal import Primitives

/// Memory for the states of shards, which is reused but never freed.
///
/// Other workers may read a table without its lock (`Keyspace.lookForBucket`), even one that no
/// longer exists.
///
/// ## Invariants
/// `places` are the addresses of memory for states that no shard uses.
extension Shard {
    private static let places = Locked<[UInt]>([])

    /// Allocates memory for a state, without initialising it.
    static func newPlace() -> UnsafeMutablePointer<State> {
        let place = places.withLock { $0.popLast() }
        // SAFETY: memory that `keepPlace` received, or fresh memory.
        return unsafe place.flatMap { unsafe UnsafeMutablePointer(bitPattern: $0) }
            ?? .allocate(capacity: 1)
    }

    /// Keeps memory for the next state; the old state must have been deinitialised.
    static func keepPlace(_ place: UnsafeMutablePointer<State>) {
        let address = UInt(bitPattern: place)
        places.withLock { $0.append(address) }
    }
}
