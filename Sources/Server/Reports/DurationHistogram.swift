internal import Primitives
internal import Synchronization

/// A histogram of a command's durations, in cycles of `apus_cycles`.
///
/// ```text
/// cycles   0 … 31   32 … 63   64 … 127   128 … 255  …
/// buckets  1 each   1 each    2 each     4 each     …   32 per doubling: within 3 %
/// ```
/// One thread counts, and any thread may read.
///
/// ## Invariants
/// `counts` has `bucketCount` counters until `free`.
@safe
struct DurationHistogram: @unchecked Sendable {  // because: counters may be read by any thread
    /// Durations of 2^41 cycles, a quarter of an hour, or more share the last bucket.
    static let bucketCount = 37 * 32

    fileprivate let counts: UnsafeMutablePointer<Counter>

    /// Creates an empty histogram.
    init() {
        unsafe counts = .allocate(capacity: DurationHistogram.bucketCount)
        for bucket in 0..<DurationHistogram.bucketCount {
            unsafe (counts + bucket).initialize(to: Counter())
        }
    }

    fileprivate init(_ counts: UnsafeMutablePointer<Counter>) { unsafe self.counts = counts }

    /// Frees the memory; the histogram must not be used again.
    func free() { unsafe counts.deallocate() }

    /// The bucket of a duration.
    @inline(__always)
    static func bucket(_ cycles: UInt64) -> Int {
        guard cycles >= 32 else { return Int(cycles) }
        let doubling = 63 - cycles.leadingZeroBitCount
        let step = Int(truncatingIfNeeded: cycles >> UInt64(doubling - 5)) & 31
        let index = (doubling - 4) * 32 + step
        return min(index, bucketCount - 1)
    }

    /// The longest duration of a bucket.
    static func longest(_ bucket: Int) -> UInt64 {
        guard bucket >= 32 else { return UInt64(bucket) }
        let doubling = UInt64(bucket / 32 + 4)
        return ((UInt64(bucket % 32) + 33) << (doubling - 5)) - 1
    }

    /// Counts one duration.
    @inline(__always)
    func count(_ cycles: UInt64) {
        // SAFETY: every bucket is below `bucketCount`.
        unsafe counts[DurationHistogram.bucket(cycles)].add()
    }

    /// The counts, by bucket.
    var counted: [UInt64] {
        // SAFETY: the invariant.
        (0..<DurationHistogram.bucketCount).map { unsafe counts[$0].value }
    }

    /// The duration that `share` percent of those in `counted` do not exceed.
    static func percentile(_ share: Double, of counted: [UInt64]) -> UInt64 {
        let total = counted.reduce(UInt64(0)) { $0.addingSaturated($1) }
        let share = min(max(share, 0), 100) / 100
        let wanted = max(1, UInt64(saturating: (Double(total) * share).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, count) in counted.enumerated() {
            seen = seen.addingSaturated(count)
            if seen >= wanted, count > 0 { return longest(bucket) }
        }
        return 0
    }
}

/// A place for a histogram that may be set while others read.
@safe
struct DurationHistogramPlace: ~Copyable, @unchecked Sendable {  // because: as the histogram
    private let counts = unsafe Atomic<UnsafeMutablePointer<Counter>?>(nil)

    /// The histogram, for the thread that counts.
    @inline(__always)
    var own: DurationHistogram? {
        // SAFETY: only complete histograms are put here.
        unsafe counts.load(ordering: .relaxed).map { unsafe DurationHistogram($0) }
    }

    /// The histogram, for any thread.
    var shared: DurationHistogram? {
        // SAFETY: only complete histograms are put here; acquiring makes their zeros visible.
        unsafe counts.load(ordering: .acquiring).map { unsafe DurationHistogram($0) }
    }

    /// Sets or (nil) removes the histogram.
    func put(_ histogram: DurationHistogram?) {
        unsafe counts.store(histogram?.counts, ordering: .releasing)
    }
}
