/// The timeouts of one worker's blocked requests, nearest first: a binary heap.
///
/// Most requests are served before they time out. Their entries stay until they reach the top, or
/// until half of the entries are obsolete.
///
/// ## Invariants
/// No entry is due later than its children, the entries at `2 * place + 1` and `2 * place + 2`.
struct Deadlines {
    private struct Element {
        let deadline: Int64
        let waiter: Waiter
    }

    private var heap: [Element] = []
    private var overCount = 0

    /// The number of entries, including obsolete ones.
    var count: Int { heap.count }

    /// The nearest deadline.
    var nearest: Int64? { heap.first?.deadline }

    /// Adds a request that times out, or must be tried again, at `deadline`.
    ///
    /// Complexity: O(log n).
    mutating func insert(_ waiter: Waiter, at deadline: Int64) {
        heap.append(Element(deadline: deadline, waiter: waiter))
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard heap[place].deadline < heap[parent].deadline else { break }
            heap.swapAt(place, parent)
            place = parent
        }
    }

    /// Removes and returns the request with the nearest deadline if it is due at `now`.
    ///
    /// Complexity: O(log n).
    mutating func takeDue(_ now: Int64) -> Waiter? {
        guard let top = heap.first, top.deadline <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(0)
        return top.waiter
    }

    /// Records that a request no longer waits, so that its entry is obsolete.
    ///
    /// Complexity: O(1) amortized.
    mutating func noteOver() {
        overCount += 1
        guard overCount > 32, overCount * 2 >= heap.count else { return }
        heap.removeAll { $0.waiter.isOver }
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
        overCount = 0
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
                if heap[child].deadline < heap[least].deadline { least = child }
            }
            guard least != place else { return }
            heap.swapAt(place, least)
            place = least
        }
    }

    /// Whether the invariant holds.
    var isValid: Bool {
        heap.indices.dropFirst().allSatisfy { heap[($0 - 1) / 2].deadline <= heap[$0].deadline }
    }
}
