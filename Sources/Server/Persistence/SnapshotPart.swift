internal import Glibc
internal import Persistence
internal import Primitives
internal import Store
internal import Structures

/// One partition's part of a snapshot: it writes every key as it was at the cut.
///
/// A key is written before its next change or when the walk reaches it, whichever is first.
///
/// ```text
/// change of a bucket ─▶ gate ─▶ keys of the bucket ─┐
/// walk, slice by slice ───────▶ keys of the bucket ─┴▶ buffer ─ 64 KiB ─▶ output
/// ```
/// It is guarded by the partition's lock.
final class SnapshotPart: @unchecked Sendable {  // because: the partition's lock guards it
    /// A shard included in the snapshot.
    private struct Place {
        let shard: Shard
        let database: Int
        /// The next bucket of the walk; nil when it is complete.
        var next: Int? = 0
    }

    /// A change of a part of a large value for which the snapshot is prepared.
    private struct Passing {
        let value: LargeValues.Value
        let change: PartialChange
        let countBefore: Int
    }

    /// The size of the pieces that are handed over.
    private static let chunkBytes = 64 << 10
    /// How many buckets are walked between two readings of the clock.
    private static let bucketsAtOnce = 8

    private let output: SnapshotOutput
    private var writer: KeyWriter
    /// How many keys are in its buffer.
    private var keyCount = 0
    /// The database of the last keys in the buffer.
    private var database: Int?
    private var places: [Place] = []
    private var largeValues: LargeValues
    /// The changes of large values that the running command may make.
    private var passing: [Passing] = []
    /// The shard that the walk has reached.
    private var current = 0
    /// Whether the watch has ended; used by the walking worker only.
    private(set) var isEnded = false

    init(_ output: SnapshotOutput, _ form: KeyForm) {
        self.output = output
        writer = KeyWriter(form)
        largeValues = LargeValues(form)
    }

    /// Makes the cut for a shard: starts watching it.
    func begin(_ shard: Shard, _ database: Int) {
        places.append(Place(shard: shard, database: database))
        shard.beginWatching(
            ShardWatcher(
                willChange: { [unowned self] shard, bucket, change in
                    write(shard, bucket, database, changing: change?.slot)
                },
                willTouch: { [unowned self] _, change in willTouch(change, database) },
                takes: { _, _ in false }
            )
        )
    }

    /// Walks until `end`, in nanoseconds of the monotonic clock; true once all keys were written.
    func walk(until end: Int64) -> Bool {
        largeValues.writeSome(output, until: end)
        guard !output.isFull, Clock.monotonicNanoseconds() < end else { return false }
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
        guard largeValues.isEmpty else { return false }
        handOver()
        return true
    }

    // MARK: Changes of large values

    /// Whether a request that may change the value of `key` must wait until it is written.
    ///
    /// `change` tells how the request changes it, if that is known: a change of a part need not
    /// wait, but is made between this call and `endPassing`. Values are written next for which
    /// requests wait.
    func mustWait(_ key: Key, in shard: Shard, _ change: (Shard.Slot) -> PartialChange?) -> Bool {
        guard !isEnded, shard.isWatched, let slot = shard.find(key), RDBLargeValue.isLarge(slot)
        else { return false }
        shard.showSoon(slot)
        guard let value = largeValues.value(at: slot) else { return false }
        if let change = change(slot), largeValues.prepare(value, for: change) {
            let count = slot.entry.isKind(.list) ? ListValue(slot).count : 0
            passing.append(Passing(value: value, change: change, countBefore: count))
            return false
        }
        largeValues.noteAwaited(value)
        return true
    }

    /// Ends the changes of the running command, except for additions to streams if `servesStreams`.
    ///
    /// These are prepared for what clients that are served next read as members of groups.
    func endPassing(servesStreams: Bool) {
        passing.removeAll { item in
            if servesStreams, case .additions = item.change { return false }
            item.value.note(item.change, countBefore: item.countBefore)
            return true
        }
    }

    private func willTouch(_ change: ShardWatcher.Change, _ database: Int) {
        guard let value = largeValues.value(at: change.slot),
            change.isDiscarded || !passing.contains(where: { $0.value === value })
        else { return }
        if largeValues.mustBeWritten(value, output) { write(change.slot, database) }
    }

    /// Whether requests may go on that waited for values; only the first time asked.
    func takeAwaited() -> Bool { largeValues.takeAwaited() }

    /// Ends the watch; returns shards that no database uses any more, for the caller to destroy.
    func end(isComplete: Bool) -> [Shard] {
        isEnded = true
        largeValues.removeAll()
        defer { places = [] }
        return places.filter { $0.shard.endWatching(isComplete: isComplete) }.map(\.shard)
    }

    /// Writes the keys of a bucket.
    ///
    /// Large values are left for later, except that of a slot that is about to change.
    private func write(
        _ shard: Shard,
        _ bucket: Int,
        _ database: Int,
        changing changed: Shard.Slot?
    ) {
        shard.forEach(inBucket: bucket) { slot in
            if RDBLargeValue.isLarge(slot), changed.map({ !$0.isSame(as: slot) }) ?? true {
                largeValues.add(slot, database)
            } else {
                write(slot, database)
            }
        }
    }

    private func write(_ slot: Shard.Slot, _ database: Int) {
        if self.database != database {
            writer.database(database)
            self.database = database
        }
        writer.key(slot)
        keyCount += 1
        if writer.count >= SnapshotPart.chunkBytes { handOver() }
    }

    private func handOver() {
        guard writer.count > 0 else { return }
        output.put(writer.take(), keys: keyCount)
        keyCount = 0
        // In the file, keys of another partition may follow.
        database = nil
    }
}
