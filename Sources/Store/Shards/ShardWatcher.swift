/// A watcher, such as a snapshot in progress, that sees a shard's keys as they were at one moment.
///
/// That moment is called the cut; the keys keep changing after it.
///
/// ```text
/// beginWatching ──▶ first change of an unseen bucket ───▶ willChange, then the change
///                   showBuckets (the watcher's own walk) ─▶ willChange
///                   large values being discarded ─────────▶ takes ─▶ free, once it has read them
/// endWatching   ◀── all buckets are seen, or it gives up
/// ```
/// Each bucket is shown once, before its first change since the cut. It then holds exactly the keys
/// that it held at the cut, unchanged: a split in between moves unseen keys to a bucket that is
/// unseen as well, and a merge happens only between two buckets in the same state.
///
/// Both closures are called with the partition locked, on whichever thread makes the change. They
/// must neither change the shard nor take long.
public struct ShardWatcher {
    /// Shows a bucket, by number.
    ///
    /// If a slot is passed, its value is about to be discarded as a whole: a large one need not be
    /// copied now, as it is offered to `takes` next.
    public typealias Show = (Shard, _ bucket: Int, _ discarded: Shard.Slot?) -> Void
    /// Offers what was removed from a shard and is about to be freed.
    ///
    /// Returning true means that the watcher keeps it for a while and frees it with
    /// `Shard.free(_:)`.
    public typealias Take = (Shard, Shard.Remains) -> Bool

    let willChange: Show
    let takes: Take

    /// Creates a watcher; `willChange` is told of changes, and `takes` is offered large values.
    public init(willChange: @escaping Show, takes: @escaping Take) {
        self.willChange = willChange
        self.takes = takes
    }
}
