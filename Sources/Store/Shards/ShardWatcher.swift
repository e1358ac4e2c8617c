/// What must see the keys of a shard as they were at one moment, the cut, while they change: a
/// snapshot in the making.
///
/// ```text
/// beginWatching ──▶ changes of buckets unseen so far ──▶ willChange, then the change
///                   showBuckets (the watcher's own walk) ─▶ willChange
///                   large values that go ─────────────▶ takes ─▶ free, when it has read them
/// endWatching   ◀── all buckets are seen, or it gives up
/// ```
/// Each bucket is shown once, before its first change since the cut. What is shown are the keys
/// that stood in it at the cut, as they were: a split in between moves some unseen keys into a
/// bucket that is as unseen, a merge happens only between two buckets alike.
///
/// All is called with the partition locked, on whichever thread changes it, and must neither change
/// the shard nor take long.
public struct ShardWatcher {
    /// Shows a bucket, by its number.
    ///
    /// Where a slot is given, its value is about to go as a whole: a large one need not be copied
    /// now, as it is offered to `takes` next.
    public typealias Show = (Shard, _ bucket: Int, _ discarded: Shard.Slot?) -> Void
    /// Offers what was taken out of a shard and is about to be freed.
    ///
    /// True means that the watcher keeps it for a while, and frees it with `Shard.free(_:)`.
    public typealias Take = (Shard, Shard.Remains) -> Bool

    let willChange: Show
    let takes: Take

    /// A watcher that is told of changes by `willChange`, and of large values that go by `takes`.
    public init(willChange: @escaping Show, takes: @escaping Take) {
        self.willChange = willChange
        self.takes = takes
    }
}
