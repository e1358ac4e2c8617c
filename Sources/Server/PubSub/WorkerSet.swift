/// A set of the server's workers, by number.
struct WorkerSet: Equatable {
    private var words = SIMD4<UInt64>(repeating: 0)

    /// Creates an empty set.
    init() {}

    /// Creates a set of the workers with the numbers `members`.
    init(_ members: some Sequence<Int>) {
        for member in members { insert(member) }
    }

    var isEmpty: Bool { words == SIMD4(repeating: 0) }

    func contains(_ worker: Int) -> Bool { words[worker >> 6] >> UInt64(worker & 63) & 1 == 1 }

    mutating func insert(_ worker: Int) { words[worker >> 6] |= 1 << UInt64(worker & 63) }

    mutating func remove(_ worker: Int) { words[worker >> 6] &= ~(1 << UInt64(worker & 63)) }

    /// Calls `body` with each worker's number, in order.
    func forEach(_ body: (Int) -> Void) {
        for index in 0..<4 {
            var word = words[index]
            while word != 0 {
                body(index * 64 + word.trailingZeroBitCount)
                word &= word &- 1
            }
        }
    }
}
