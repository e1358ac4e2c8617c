internal import Primitives
internal import Structures

/// What a command that is carried out in slices has reached between two of them.
///
/// It lies with its keys' partition (`FrozenKeys`) while other commands run, and with the command
/// while a slice runs.
public struct SlicedWork {
    /// A number of its own.
    public let id: WorkID
    /// The moment (milliseconds since 1970) at which the command counts as run: what was not due
    /// then is not due for it.
    public let startedAt: Int64
    /// The copy that the command makes, if it makes one.
    public var copy: ValueCopy?
    /// What it has done, in its own measure.
    public var done: Int
    /// The ranks that it has still to treat, if it treats ranks.
    public var rest: Range<Int>
    /// The key whose value is at work, as long as it is frozen.
    var frozen: FrozenValue?

    /// A command that begins.
    public init(id: WorkID, now: Int64) {
        self.id = id
        startedAt = now
        done = 0
        rest = 0..<0
    }

    /// A key whose value does not expire as long as it is frozen.
    struct FrozenValue {
        let key: [UInt8]
        let shard: Shard
    }
}

/// The keys of one partition that a single command may use, as it works on them in slices.
///
/// ## Invariants
/// A key stands here once at most. All `keys` of a work stand in partitions that the command that
/// it belongs to locks.
@usableFromInline
struct FrozenKeys {
    /// A key, of whichever database.
    struct FrozenKey {
        let work: WorkID
        let bytes: [UInt8]
    }

    var keys: [FrozenKey] = []
    /// Works, each in the partition of its first key.
    var works: [SlicedWork] = []

    /// Whether a work but `work` holds `key`.
    func holds(_ key: Bytes, for work: WorkID?) -> Bool {
        keys.contains { frozen in
            frozen.work != work && frozen.bytes.withBytes { $0 == key }
        }
    }

    /// Takes a work's keys out, and the work itself if it lies here.
    mutating func take(_ work: WorkID) -> SlicedWork? {
        keys.removeAll { $0.work == work }
        guard let index = works.firstIndex(where: { $0.id == work }) else { return nil }
        return works.remove(at: index)
    }
}

/// Freezing keys for a command that works on them in slices. The partitions of all keys concerned
/// are locked.
extension Keyspace {
    /// Whether `key`, of whichever database, is frozen for others than `work`.
    public func isFrozen(_ key: Key, for work: WorkID?) -> Bool {
        let partition = partition(key.hash)
        guard hasFrozen(partition) else { return false }
        // SAFETY: the caller holds the partition's lock.
        return unsafe frozen[partition].holds(key.bytes, for: work)
    }

    /// Freezes two keys, which may be the same, until `work` goes on.
    ///
    /// The value at `slot`, that of the first one, does not expire meanwhile, nor do a hash's
    /// fields.
    public func freeze(_ first: Key, _ second: Key, at slot: Shard.Slot, for work: SlicedWork) {
        var work = work
        slot.shard.freeze(slot.entry)
        work.frozen = SlicedWork.FrozenValue(key: first.bytes.array, shard: slot.shard)
        let place = partition(first.hash)
        unsafe frozen[place].works.append(work)
        add(first, work.id)
        if !(first.bytes == second.bytes) { add(second, work.id) }
    }

    private func add(_ key: Key, _ work: WorkID) {
        let place = partition(key.hash)
        unsafe frozen[place].keys.append(.init(work: work, bytes: key.bytes.array))
        countFrozen(place)
    }

    private func countFrozen(_ partition: Int) {
        // SAFETY: the caller holds the partition's lock.
        mark(partition, frozenKeys: unsafe frozen[partition].keys.count)
    }

    /// Unfreezes the keys of a work, all of them in `partitions`, and returns it; nil when it was
    /// given up.
    public func thaw(_ id: WorkID, _ partitions: PartitionSet) -> SlicedWork? {
        var work: SlicedWork?
        partitions.forEach { place in
            if let taken = unsafe frozen[place].take(id) { work = taken }
            countFrozen(place)
        }
        work?.unfreeze()
        return work
    }

    /// Whether a command is halfway through changing a value, so that the keys are not as they are
    /// between two commands.
    ///
    /// All partitions are locked.
    public var hasInPlaceWork: Bool {
        (0..<partitionCount).contains { place in
            // SAFETY: the caller holds the partition's lock.
            unsafe frozen[place].works.contains { $0.copy == nil }
        }
    }

    /// Gives up all copies in the making, so that their commands start over; false, and nothing is
    /// given up, where a command is halfway through changing a value.
    ///
    /// All partitions are locked.
    public func giveUpCopies() -> Bool {
        guard !hasInPlaceWork else { return false }
        for place in 0..<partitionCount {
            for var work in unsafe frozen[place].works {
                work.unfreeze()
                work.copy?.discard()
            }
            unsafe frozen[place] = FrozenKeys()
            countFrozen(place)
        }
        return true
    }
}

extension SlicedWork {
    /// Lets the value expire again.
    mutating func unfreeze() {
        guard let frozen else { return }
        self.frozen = nil
        frozen.key.withBytes { bytes in
            let slot = frozen.shard.find(Key(bytes, frozen.shard.hash(bytes)))
            guard let slot else { preconditionFailure("a frozen key stays") }
            frozen.shard.unfreeze(slot.entry)
        }
    }
}
