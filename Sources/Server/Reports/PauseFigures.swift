internal import Primitives

/// The delays of a worker's ticks, readable by any thread.
///
/// A worker that is busy, or that the system does not schedule, runs its ticks late, and its
/// clients wait as long. Measuring that costs requests nothing.
struct PauseFigures: ~Copyable, Sendable {
    /// The upper bounds of the buckets in milliseconds; one more holds the rest.
    static let bounds: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

    private let counts = InlineArray<13, Counter> { _ in Counter() }
    /// The sum, and the longest so far, in milliseconds.
    let sum = Counter()
    let longest = Counter()
    /// The time since the expiry of the oldest key that has yet to be removed, in milliseconds, as
    /// of the last expiry cycle.
    let expiryLag = Counter()

    /// The number of pauses in a bucket.
    subscript(bucket: Int) -> UInt64 { counts[bucket].value }

    /// Records a tick that ran `milliseconds` after it was due.
    func note(late milliseconds: Int64) {
        var bucket = 0
        while bucket < PauseFigures.bounds.count, milliseconds > PauseFigures.bounds[bucket] {
            bucket += 1
        }
        counts[bucket].add()
        sum.add(UInt64(max(0, milliseconds)))
        if milliseconds > 0, UInt64(milliseconds) > longest.value {
            longest.set(UInt64(milliseconds))
        }
    }
}
