/// How often a command took how long: counts by duration, in the cycles of `apus_cycles`.
///
/// ```text
/// cycles   0 … 31   32 … 63   64 … 127   128 … 255  …
/// buckets  1 each   1 each    2 each     4 each     …   32 in every doubling: within 3 %
/// ```
/// One owner counts and frees; others look while the world is stopped.
///
/// ## Invariants
/// `counts` has `bucketCount` words until `free`.
@safe
struct DurationHistogram {
    /// Durations of 2^41 cycles, a quarter of an hour, and more share the last bucket.
    static let bucketCount = 37 * 32

    private let counts: UnsafeMutablePointer<UInt64>

    /// No durations yet.
    init() {
        unsafe counts = .allocate(capacity: DurationHistogram.bucketCount)
        unsafe counts.initialize(repeating: 0, count: DurationHistogram.bucketCount)
    }

    /// Gives the memory back; the histogram must not be used again.
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
        unsafe counts[DurationHistogram.bucket(cycles)] &+= 1
    }

    /// The counts, by bucket.
    var counted: [UInt64] {
        // SAFETY: the invariant.
        unsafe Array(UnsafeBufferPointer(start: counts, count: DurationHistogram.bucketCount))
    }

    /// The duration that `share` percent of those in `counted` do not exceed.
    static func percentile(_ share: Double, of counted: [UInt64]) -> UInt64 {
        let total = counted.reduce(0, +)
        let wanted = max(1, UInt64((Double(total) * min(max(share, 0), 100) / 100).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, count) in counted.enumerated() {
            seen += count
            if seen >= wanted, count > 0 { return longest(bucket) }
        }
        return 0
    }
}
