/// The number of a watch, as stored in the buckets that the watcher has seen.
///
/// ```text
/// meta of a bucket   31   30 … 25      24         23 … 0
///                    0    epoch        chained    eviction bits
/// ```
/// While a watch runs, a bucket without its epoch has not changed since the watch began.
@frozen
public struct WatchEpoch: Equatable, Sendable {
    /// 1...63; 0 means no watch.
    @usableFromInline let number: UInt32

    @usableFromInline static let shift: UInt32 = 25
    @usableFromInline static let mask: UInt32 = 0x3F << shift
    @usableFromInline static let numberMax: UInt32 = 63

    @inlinable
    init(number: UInt32) {
        assert(number <= WatchEpoch.numberMax, "six bits")
        self.number = number
    }

    /// The epoch in a bucket's meta word.
    @inlinable
    init(bits: UInt32) { number = (bits & WatchEpoch.mask) >> WatchEpoch.shift }

    /// Not an epoch: there is no watch.
    public static let none = WatchEpoch(number: 0)

    /// The next epoch; the last one is followed by the first.
    public var next: WatchEpoch { WatchEpoch(number: number % WatchEpoch.numberMax + 1) }

    /// The epoch as bits of a bucket's meta word.
    @inlinable
    var bits: UInt32 { number << WatchEpoch.shift }
}
