/// A queue of small numbers in a ring that never grows.
///
/// ## Invariants
/// - `count` numbers start at `head`, wrapping around the end of `ring` if necessary.
struct IndexQueue {
    private var ring: [Int]
    private var head = 0
    private(set) var count = 0

    init(capacity: Int) { ring = [Int](repeating: 0, count: capacity) }

    var isEmpty: Bool { count == 0 }

    /// Precondition: there is room.
    mutating func append(_ index: Int) {
        precondition(count < ring.count, "an index queue never grows")
        ring[(head + count) % ring.count] = index
        count += 1
    }

    mutating func popFirst() -> Int? {
        guard count > 0 else { return nil }
        let index = ring[head]
        head = (head + 1) % ring.count
        count -= 1
        return index
    }
}
