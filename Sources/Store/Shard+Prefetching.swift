public import Primitives
internal import Structures

/// Asking the cache for members of large collections ahead of the commands that look them up.
extension Shard {
    /// Tables with fewer members are in the cache anyway.
    private static let prefetchedFrom = 4096

    /// Asks the cache for the bucket of `member` in the large collection at `key`; false where
    /// there is none.
    public func prefetchMemberBucket(_ key: Key, _ member: Bytes) -> Bool {
        guard let table = largeTable(key) else { return false }
        table.prefetchBucket(hash(member), arena)
        return true
    }

    /// Asks the cache for the entry of `member` in the large collection at `key`; false where there
    /// is none.
    public func prefetchMember(_ key: Key, _ member: Bytes) -> Bool {
        guard let table = largeTable(key) else { return false }
        table.prefetchEntry(hash(member), arena)
        return true
    }

    /// The members' table of the collection at `key`, if that is large.
    private func largeTable(_ key: Key) -> EntryTable? {
        guard let entry = keys.find(key.bytes, key.hash, arena)?.entry, !entry.isKind(.string)
        else { return nil }
        let (encoding, root) = (entry.encoding, entry.collection)
        let table: EntryTable
        if entry.isKind(.hash), encoding == HashValue.Encoding.table.rawValue {
            table = FieldTable(root, arena).table
        } else if entry.isKind(.sortedSet), encoding == SortedSetValue.Encoding.table.rawValue {
            table = OrderedTable(root, arena).table
        } else if entry.isKind(.set), encoding == SetContent.Encoding.table.rawValue {
            table = MemberTable(root, arena).table
        } else {
            return nil
        }
        return table.count >= Shard.prefetchedFrom ? table : nil
    }
}
