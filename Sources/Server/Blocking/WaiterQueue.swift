internal import Primitives
internal import Store

/// The requests blocked on one key, in order of arrival.
///
/// ```text
///   places  │ – │ – │ W3 │ – │ W5 │ W6 │ W7 │
///                   first      next
/// ```
/// Everything before `next` has been tried since the key last changed. Requests that no longer wait
/// are removed when they are reached, or all at once when there are many.
///
/// Guarded by the lock of the key's partition.
final class WaiterQueue: @unchecked Sendable {  // because: the partition's lock guards it
    /// The key's partition, database and hash.
    let partition: Int
    let database: Int
    let hash: KeyHash
    private let bytes: ByteBuffer

    private var places: [Waiter?] = []
    private var first = 0
    private var next = 0
    /// The requests in the queue, including those that no longer wait.
    private(set) var count = 0
    /// At most this many of them no longer wait.
    private var overCount = 0
    /// How many of them fail when the key is deleted or changes type.
    private(set) var endingCount = 0
    /// Whether the table has this queue, and whether it counts it in `endingKeyCount`.
    var isListed = true
    var isListedAsEnding = false
    /// Whether a worker is serving this queue or has it in its list of ready keys.
    var isReady = false
    /// Whether it serves the rest in another round.
    ///
    /// Until then, other requests that name the key wait, so that nobody takes what the blocked
    /// ones are about to get.
    var isPutOff = false
    /// Whether that worker must start over when it reaches the end.
    var mustRepeat = false

    init(_ key: Key, partition: Int, database: Int) {
        self.partition = partition
        self.database = database
        hash = key.hash
        var bytes = ByteBuffer(capacity: max(key.bytes.count, 1))
        bytes.append(key.bytes)
        self.bytes = bytes
    }

    /// The key.
    ///
    /// Its bytes are valid as long as the queue lives.
    var key: Key { Key(bytes.bytes, hash) }

    var isEmpty: Bool { count == 0 }

    /// Appends a request that starts to wait.
    func append(_ waiter: Waiter) {
        places.append(waiter)
        count += 1
        if waiter.endsWithKey { endingCount += 1 }
    }

    // MARK: Walking

    /// Starts over with the oldest request.
    func restart() { next = first }

    /// The next request to try, or nil at the end.
    func current() -> Waiter? {
        while next < places.count {
            if let waiter = places[next] {
                guard waiter.isOver else { return waiter }
                drop()
            } else {
                next += 1
            }
        }
        return nil
    }

    /// Leaves the current request in the queue and moves on.
    func skip() {
        assert(next < places.count, "there is no current request")
        next += 1
    }

    /// Removes the current request and moves on.
    func drop() {
        guard let waiter = places[next] else { preconditionFailure("there is no current request") }
        places[next] = nil
        next += 1
        forget(waiter)
        while first < next, places[first] == nil { first += 1 }
        if count == 0 {
            (first, next) = (0, 0)
            places.removeAll(keepingCapacity: places.count <= WaiterQueue.placesKept)
        } else if first > WaiterQueue.placesKept, first > places.count / 2 {
            places.removeFirst(first)
            next -= first
            first = 0
        }
    }

    private func forget(_ waiter: Waiter) {
        count -= 1
        if waiter.endsWithKey { endingCount -= 1 }
        assert(count >= 0 && endingCount >= 0, "more requests were removed than added")
    }

    /// Records that one of the requests no longer waits.
    ///
    /// All such requests are removed before they outnumber the others.
    ///
    /// Complexity: O(1) amortized.
    func noteOver() {
        overCount += 1
        if overCount * 2 >= count { removeOver() }
    }

    private func removeOver() {
        var kept: [Waiter?] = []
        var newNext = 0
        for index in first..<max(places.count, first) {
            if index == next { newNext = kept.count }
            guard let waiter = places[index] else { continue }
            if waiter.isOver { forget(waiter) } else { kept.append(waiter) }
        }
        next = next >= places.count ? kept.count : newNext
        first = 0
        places = kept
        overCount = 0
        assert(count == kept.count, "only waiting requests are left")
    }

    private static let placesKept = 64
}
