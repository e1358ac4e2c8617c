internal import Commands
internal import Primitives
internal import Wire

/// Parsed requests that are about to run, in the order of their connections.
///
/// ## Invariants
/// `count ≤ Batch.capacity`; the requests of a connection are adjacent, in the order received.
@safe
struct Batch: ~Copyable {
    /// The maximum number of requests: enough to hide memory latency, few enough for the L1 cache.
    static let capacity = 32

    /// A request; the worker's table keeps its connection alive.
    @safe
    struct Item {
        private let connection: Unmanaged<Connection>
        let start: Int
        let count: Int
        /// The row of the command; -1 if unknown.
        let row: Int32
        let hash: KeyHash
        /// Whether `hash` is the hash of the first key.
        let hasKey: Bool

        @inline(__always)
        init(
            connection: Connection,
            start: Int,
            count: Int,
            row: Int,
            hash: KeyHash,
            hasKey: Bool
        ) {
            unsafe self.connection = .passUnretained(connection)
            self.start = start
            self.count = count
            self.row = Int32(row)
            self.hash = hash
            self.hasKey = hasKey
        }

        /// Calls `body` with the connection, without touching its reference count.
        @inline(__always)
        func withConnection<Result>(_ body: (Connection) -> Result) -> Result {
            unsafe connection._withUnsafeGuaranteedRef(body)
        }
    }

    private let items: UnsafeMutablePointer<Item>
    private(set) var count = 0

    init() { unsafe items = .allocate(capacity: Batch.capacity) }

    deinit { unsafe items.deallocate() }

    var isFull: Bool { count == Batch.capacity }

    @inline(__always)
    mutating func append(_ item: Item) {
        precondition(count < Batch.capacity, "the batch is full")
        // SAFETY: just checked.
        unsafe (items + count).initialize(to: item)
        count += 1
    }

    @inline(__always)
    subscript(index: Int) -> Item {
        assert(index < count, "no such request")
        // SAFETY: the first `count` items are initialised.
        return unsafe items[index]
    }

    /// The place of the last request of `connection`, whether it has run or not.
    func lastPlace(of connection: Connection) -> Int? {
        (0..<count).last { self[$0].withConnection { $0 === connection } }
    }

    /// Removes the requests at `places`, which are in ascending order.
    mutating func remove(at places: [Int]) {
        for place in places.reversed() {
            for index in place + 1..<count {
                // SAFETY: both places are among the first `count`; items are trivial.
                unsafe items[index - 1] = unsafe items[index]
            }
            count -= 1
        }
    }

    mutating func removeAll() { count = 0 }
}
