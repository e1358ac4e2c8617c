public import Primitives

/// The groups of a stream, and their progress.
extension Stream {
    /// The number of groups.
    public func groupCount(_ arena: borrowing Arena) -> Int { groups.count(arena) }

    /// The group at `index`, in the order of names.
    public func group(at index: Int, _ arena: borrowing Arena) -> StreamGroup {
        StreamGroup(groups.block(index, arena), arena)
    }

    /// The group named `name`, or nil.
    public func group(_ name: Bytes, _ arena: borrowing Arena) -> StreamGroup? {
        groups.find(name, arena).map { StreamGroup($0, arena) }
    }

    /// Adds a group; its name must not be taken.
    public func createGroup(
        _ name: Bytes,
        lastID: StreamID,
        readCount: Int64,
        _ arena: inout Arena
    ) -> StreamGroup {
        let handle = NameList.createBlock(name, at: StreamGroup.nameOffset, &arena)
        let group = StreamGroup(handle, arena)
        group.pending = IDTree()
        group.lastID = lastID
        group.readCount = min(readCount, addedCount)
        var groups = groups
        groups.insert(handle, &arena)
        self.groups = groups
        return group
    }

    /// Removes the group named `name`.
    ///
    /// Returns a stream that holds only the group, for the caller to destroy, or nil if there is no
    /// such group.
    public func splitOff(_ name: Bytes, _ arena: inout Arena) -> Stream? {
        var groups = groups
        guard let handle = groups.remove(name, &arena) else { return nil }
        self.groups = groups
        let other = Stream.create(&arena)
        var own = NameList()
        own.insert(handle, &arena)
        other.groups = own
        return other
    }

    func destroyGroups(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        while budget > 0 {
            let count = groups.count(arena)
            guard count > 0 else { return true }
            let group = group(at: count - 1, arena)
            guard group.destroySome(&budget, &arena) else { return false }
            var groups = groups
            groups.remove(at: count - 1, &arena)
            self.groups = groups
            arena.free(group.handle)
            budget -= 1
        }
        return groups.count(arena) == 0
    }

    func groupByteCount(_ arena: borrowing Arena) -> Int {
        var bytes = 0
        for index in 0..<groups.count(arena) { bytes += group(at: index, arena).byteCount(arena) }
        return bytes
    }

    // MARK: Progress

    /// Sets how far a group has read; the read count is capped at the number of entries added.
    public func setProgress(_ group: StreamGroup, lastID: StreamID, readCount: Int64) {
        group.lastID = lastID
        group.readCount = min(readCount, addedCount)
    }

    /// Sets the number of entries ever added, and caps the groups' read counts at it.
    public func setAddedCount(_ number: Int64, _ arena: borrowing Arena) {
        addedCount = number
        for index in 0..<groups.count(arena) {
            let group = group(at: index, arena)
            group.readCount = min(group.readCount, number)
        }
    }

    /// Whether an entry at or after `lower` is known to have been deleted by id.
    private func hasHole(from lower: StreamID) -> Bool {
        count > 0 && deletedIDMax != .zero && lower <= deletedIDMax
    }

    /// The number of entries ever added up to and including `id`; nil if unknown.
    public func distance(to id: StreamID) -> Int64? {
        if addedCount == 0 { return 0 }
        if count == 0, id <= lastID { return addedCount }
        if id == lastID { return addedCount }
        if id > lastID { return nil }
        guard deletedIDMax == .zero || deletedIDMax < firstID else { return nil }
        if id < firstID { return addedCount &- Int64(count) }
        return id == firstID ? addedCount &- Int64(count) &+ 1 : nil
    }

    /// The number of entries that a group has yet to read; nil if unknown.
    ///
    /// Source: Redis 7.4.2 and later. 7.0 ignored entries that were trimmed before they were read.
    public func lag(_ group: StreamGroup) -> Int64? {
        if addedCount == 0 || count == 0 { return 0 }
        // All entries in the stream are still unread.
        if group.lastID < firstID, deletedIDMax < firstID { return Int64(count) }
        if group.readCount != -1, !hasHole(from: group.lastID) {
            return addedCount &- group.readCount
        }
        return distance(to: group.lastID).map { addedCount &- $0 }
    }

    /// Records that the stream's next entry, `id`, was delivered to a group.
    public func advance(_ group: StreamGroup, to id: StreamID) {
        guard id > group.lastID else { return }
        if group.readCount != -1, group.lastID >= firstID, !hasHole(from: group.lastID) {
            // A client may have claimed more entries than were added.
            group.readCount = min(group.readCount &+ 1, addedCount)
        } else if addedCount > 0 {
            group.readCount = distance(to: id) ?? -1
        }
        group.lastID = id
    }
}

// MARK: References

/// What to do with pending entries when the stream's entry is deleted.
public enum StreamReferences: Sendable {
    /// Keep them.
    case keep
    /// Delete them too.
    case delete
    /// Delete the entry only once all groups have read and acknowledged it.
    case acknowledged
}

extension Stream {
    /// Whether some group has yet to read or acknowledge the entry `id`.
    public func isReferenced(_ id: StreamID, _ arena: borrowing Arena) -> Bool {
        for index in 0..<groups.count(arena) {
            let group = group(at: index, arena)
            if id > group.lastID || group.pending.find(id, arena) != nil { return true }
        }
        return false
    }

    /// Removes the pending entries for `id` from all groups.
    public func removeReferences(_ id: StreamID, _ arena: inout Arena) {
        for index in 0..<groups.count(arena) {
            let group = group(at: index, arena)
            if let entry = group.pendingEntry(id, arena) { group.remove(entry, &arena) }
        }
    }
}
