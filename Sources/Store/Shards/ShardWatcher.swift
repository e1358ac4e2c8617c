/// A watcher, such as a snapshot in progress, that sees a shard's keys as they were at one moment.
///
/// That moment is called the cut; the keys keep changing after it.
///
/// ```text
/// beginWatching ──▶ first change of an unseen bucket ───▶ willChange, then the change
///                   showBuckets (the watcher's own walk) ─▶ willChange
///                   large values being discarded ─────────▶ takes ─▶ free, once it has read them
/// changes of values that it holds ──────▶ willTouch, then the change
/// endWatching   ◀── all buckets are seen, or it gives up
/// ```
/// Each bucket is shown once, before its first change since the cut. It then holds exactly the keys
/// that it held at the cut, unchanged: a split in between moves unseen keys to a bucket that is
/// unseen as well, and a merge happens only between two buckets in the same state.
///
/// A watcher that does not read a large value as soon as it is shown *holds* it, and is notified
/// before it changes.
///
/// All closures are called with the partition locked, on whichever thread makes the change. They
/// must neither change the shard nor take long.
public struct ShardWatcher {
    /// The change that causes a bucket to be shown.
    public struct Change {
        /// The value that is about to change.
        public let slot: Shard.Slot
        /// Whether the whole value is discarded: a large one need not be copied now, as it is
        /// offered to `takes` next.
        public let isDiscarded: Bool
    }

    /// Shows a bucket, by number.
    ///
    /// The change is nil if no value of the bucket is about to change.
    public typealias Show = (Shard, _ bucket: Int, Change?) -> Void
    /// Announces a change of a value, in a bucket that was shown, of a shard that holds values.
    public typealias Touch = (Shard, Change) -> Void
    /// Offers what was removed from a shard and is about to be freed.
    ///
    /// Returning true means that the watcher keeps it for a while and frees it with
    /// `Shard.free(_:)`.
    public typealias Take = (Shard, Shard.Remains) -> Bool

    let willChange: Show
    let willTouch: Touch
    let takes: Take

    /// Creates a watcher.
    ///
    /// `willChange` shows it buckets, `takes` offers it large values, and `willTouch` reports
    /// changes to values that it has seen but still needs (`Shard.holdValues`).
    public init(
        willChange: @escaping Show,
        willTouch: @escaping Touch = { _, _ in },
        takes: @escaping Take
    ) {
        self.willChange = willChange
        self.willTouch = willTouch
        self.takes = takes
    }
}
