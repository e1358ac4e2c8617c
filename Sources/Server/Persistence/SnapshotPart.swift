internal import Glibc
internal import Persistence
internal import Primitives
internal import Store

/// One partition's part of a snapshot: it sees every key as it was at the cut, in front of its next
/// change or when its walk comes by, whichever is first.
///
/// ```text
/// change of a bucket ─▶ gate ─▶ keys of the bucket ─┐
/// walk, slice by slice ───────▶ keys of the bucket ─┴▶ buffer ─ 64 KiB ─▶ output
/// ```
/// The partition's lock guards it.
final class SnapshotPart: @unchecked Sendable {  // because: the partition's lock guards it
    /// A shard of the cut.
    private struct Place {
        let shard: Shard
        let database: Int
        /// The bucket at which the walk goes on; nil when it is through.
        var next: Int? = 0
    }

    /// Bytes that are handed over at once.
    private static let chunkBytes = 64 << 10
    /// Buckets that are looked at between two looks at the clock.
    private static let bucketsAtOnce = 8

    private let output: SnapshotOutput
    private var writer: RDBWriter
    /// The database that the buffer's last keys stand in.
    private var database: Int?
    private var places: [Place] = []
    /// The place where the walk is.
    private var current = 0
    /// Whether nothing is watched any more; for the worker alone that walks.
    private(set) var isEnded = false

    init(_ output: SnapshotOutput, compresses: Bool) {
        self.output = output
        writer = RDBWriter(compresses: compresses)
    }

    /// The cut: has a shard's keys shown from now on.
    func begin(_ shard: Shard, _ database: Int) {
        places.append(Place(shard: shard, database: database))
        shard.beginWatching(
            ShardWatcher(
                willChange: { [unowned self] shard, bucket, _ in
                    write(shard, bucket, database)
                },
                takes: { _, _ in false }
            )
        )
    }

    /// Goes on until `end`, in nanoseconds of the monotonic clock; true when all keys were seen.
    func walk(until end: Int64) -> Bool {
        while current < places.count {
            while let start = places[current].next {
                places[current].next = places[current].shard.showBuckets(
                    from: start,
                    budget: SnapshotPart.bucketsAtOnce
                )
                guard Clock.monotonicNanoseconds() < end, !output.isFull else { return false }
            }
            current += 1
        }
        handOver()
        return true
    }

    /// Ends the watch; returns the shards of the cut that no database has any more, which the
    /// caller has destroyed.
    func end(isComplete: Bool) -> [Shard] {
        isEnded = true
        defer { places = [] }
        return places.filter { $0.shard.endWatching(isComplete: isComplete) }.map(\.shard)
    }

    private func write(_ shard: Shard, _ bucket: Int, _ database: Int) {
        shard.forEach(inBucket: bucket) { slot in
            if self.database != database {
                writer.database(database)
                self.database = database
            }
            writer.key(slot)
        }
        if writer.buffer.count >= SnapshotPart.chunkBytes { handOver() }
    }

    private func handOver() {
        guard writer.buffer.count > 0 else { return }
        output.put(writer.take())
        // Another partition's keys may follow in the file.
        database = nil
    }
}
