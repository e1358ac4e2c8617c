internal import Primitives
internal import Structures

/// The state of a command that runs in slices.
///
/// Between slices, while other commands run, it is kept with the partition of its first key
/// (`FrozenKeys`); during a slice, the command has it.
public struct SlicedWork {
    /// The id of the work.
    public let id: WorkID
    /// When the command started (milliseconds since 1970).
    ///
    /// For the command, nothing expires after this moment.
    public let startedAt: Int64
    /// The copy in progress, if the command makes one.
    public var copy: ValueCopy?
    /// The progress so far, in units that the command chooses.
    public var done: Int
    /// The ranks yet to be processed, for commands that process ranks.
    public var rest: Range<Int>
    /// The key whose value is in use, while it is frozen.
    var frozen: FrozenValue?

    /// Creates the state of a command that is about to start.
    public init(id: WorkID, now: Int64) {
        self.id = id
        startedAt = now
        done = 0
        rest = 0..<0
    }

    /// A key whose value does not expire while it is frozen.
    struct FrozenValue {
        let key: [UInt8]
        let shard: Shard
    }
}

/// The keys of one partition that are reserved for commands running in slices.
///
/// ## Invariants
/// Each key appears at most once. All keys of a work are in partitions that its command locks.
@usableFromInline
struct FrozenKeys {
    /// A key, in any database.
    struct FrozenKey {
        let work: WorkID
        let bytes: [UInt8]
    }

    var keys: [FrozenKey] = []
    /// The works in progress, each in the partition of its first key.
    var works: [SlicedWork] = []

    /// Whether a work other than `work` holds `key`.
    func holds(_ key: Bytes, for work: WorkID?) -> Bool {
        keys.contains { frozen in
            frozen.work != work && frozen.bytes.withBytes { $0 == key }
        }
    }

    /// Removes a work's keys, and removes and returns the work itself if it is kept here.
    mutating func take(_ work: WorkID) -> SlicedWork? {
        keys.removeAll { $0.work == work }
        guard let index = works.firstIndex(where: { $0.id == work }) else { return nil }
        return works.remove(at: index)
    }
}

/// Freezes keys for a command that runs in slices.
///
/// The partitions of all keys involved must be locked.
extension Keyspace {
    /// Whether `key`, in any database, is frozen for everyone but `work`.
    public func isFrozen(_ key: Key, for work: WorkID?) -> Bool {
        let partition = partition(key.hash)
        guard hasFrozen(partition) else { return false }
        // SAFETY: the caller holds the partition's lock.
        return unsafe frozen[partition].holds(key.bytes, for: work)
    }

    /// Freezes two keys, which may be the same, until `work` continues.
    ///
    /// The value at `slot`, that of the first key, does not expire in the meantime, nor do the
    /// fields of a hash.
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

    /// Unfreezes the keys of a work, all of which are in `partitions`; returns the work.
    ///
    /// Nil if the work was abandoned.
    public func thaw(_ id: WorkID, _ partitions: PartitionSet) -> SlicedWork? {
        var work: SlicedWork?
        partitions.forEach { place in
            if let taken = unsafe frozen[place].take(id) { work = taken }
            countFrozen(place)
        }
        work?.unfreeze()
        return work
    }

    /// Whether a command is halfway through changing a value.
    ///
    /// Such a value is in a state that never exists between two commands. All partitions must be
    /// locked.
    public var hasInPlaceWork: Bool {
        (0..<partitionCount).contains { place in
            // SAFETY: the caller holds the partition's lock.
            unsafe frozen[place].works.contains { $0.copy == nil }
        }
    }

    /// Abandons all copies in progress, so that their commands start over.
    ///
    /// Does nothing and returns false if a command is halfway through changing a value. All
    /// partitions must be locked.
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
