public import Primitives
internal import Structures

/// Prefetches members of large collections for the commands that will look them up.
extension Shard {
    /// Smaller tables are in the cache anyway.
    private static let prefetchedFrom = 4096

    /// Prefetches the bucket of `member` in the large collection at `key`; false if there is none.
    public func prefetchMemberBucket(_ key: Key, _ member: Bytes) -> Bool {
        guard let table = largeTable(key) else { return false }
        table.prefetchBucket(hash(member), arena)
        return true
    }

    /// Prefetches the entry of `member` in the large collection at `key`; false if there is none.
    public func prefetchMember(_ key: Key, _ member: Bytes) -> Bool {
        guard let table = largeTable(key) else { return false }
        table.prefetchEntry(hash(member), arena)
        return true
    }

    /// The maximum number of members that `prefetchMembers` prefetches at once.
    public static let prefetchedAtOnce = 32

    /// Prefetches `count` members of the collection at `slot` if it is large.
    ///
    /// First prefetches all buckets, then the entries. `name` returns each member.
    public func prefetchMembers(_ slot: Slot, _ count: Int, _ name: (Int) -> Bytes) {
        precondition(count <= Shard.prefetchedAtOnce, "more would evict each other from the cache")
        guard count > 1, let table = table(slot.entry), table.count >= Shard.prefetchedFrom
        else { return }
        var hashes = InlineArray<32, KeyHash>(repeating: KeyHash(bits: 0))
        for index in 0..<count {
            hashes[index] = hash(name(index))
            table.prefetchBucket(hashes[index], arena)
        }
        for index in 0..<count { table.prefetchEntry(hashes[index], arena) }
    }

    /// The table of the collection at `key` if it is large.
    private func largeTable(_ key: Key) -> EntryTable? {
        guard let entry = keys.find(key.bytes, key.hash, arena)?.entry, !entry.isKind(.string)
        else { return nil }
        guard let table = table(entry), table.count >= Shard.prefetchedFrom else { return nil }
        return table
    }

    /// The table of the collection of `entry`; nil if it has none.
    func table(_ entry: Entry) -> EntryTable? {
        let encoding = entry.encoding
        if entry.isKind(.hash), encoding == HashValue.Encoding.table.rawValue {
            return FieldTable(entry.collection, arena).table
        } else if entry.isKind(.sortedSet), encoding == SortedSetValue.Encoding.table.rawValue {
            return OrderedTable(entry.collection, arena).table
        } else if entry.isKind(.set), encoding == SetContent.Encoding.table.rawValue {
            return MemberTable(entry.collection, arena).table
        }
        return nil
    }
}
