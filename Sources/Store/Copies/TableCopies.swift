internal import Primitives
internal import Structures

// Copies of hash tables, made in slices, bucket by bucket. The entries of a bucket are inserted
// together, so that they end up close together in the copy as well.

/// A copy of a large set in progress.
struct SetCopy {
    private let source: Shard
    private let target: Shard
    private let table: EntryTable
    private var copy = MemberTable()
    private var bucket = 0
    let root: Handle

    init(of root: Handle, from source: Shard, to target: Shard) {
        self.source = source
        self.target = target
        table = MemberTable(root, source.arena).table
        self.root = target.arena.allocate(MemberTable.byteCount)
        copy.save(self.root, target.arena)
    }

    mutating func copySome(_ budget: inout Int) -> Bool {
        var copy = copy
        while budget > 0, bucket < table.bucketTotal {
            table.prefetchEntries(after: bucket, source.arena)
            table.forEach(inBucket: bucket, source.arena) { location in
                let member = location.entry.key
                copy.insert(member, target.hash(member), &target.arena)
                budget -= 1 + ValueCopy.cost(member.count)
            }
            bucket += 1
        }
        copy.save(root, target.arena)
        self.copy = copy
        return bucket == table.bucketTotal
    }
}

/// A copy of a large hash in progress.
struct HashCopy {
    private let source: Shard
    private let target: Shard
    private let table: EntryTable
    private var copy = FieldTable()
    private var bucket = 0
    let root: Handle

    init(of root: Handle, from source: Shard, to target: Shard) {
        self.source = source
        self.target = target
        table = FieldTable(root, source.arena).table
        self.root = target.arena.allocate(FieldTable.byteCount)
        copy.save(self.root, target.arena)
    }

    mutating func copySome(_ budget: inout Int) -> Bool {
        var copy = copy
        while budget > 0, bucket < table.bucketTotal {
            table.prefetchEntries(after: bucket, source.arena)
            table.forEach(inBucket: bucket, source.arena) { location in
                let entry = location.entry
                let content = HashValue.content(entry)
                budget -= 1 + ValueCopy.cost(entry.byteCount)
                // Blocks of fields are never edited in place, so the two hashes may share one.
                if case .block(let block) = content { block.retain() }
                HashValue.insert(entry.key, content, entry.expiry, into: &copy, in: target)
            }
            bucket += 1
        }
        copy.save(root, target.arena)
        self.copy = copy
        return bucket == table.bucketTotal
    }
}

extension EntryTable {
    /// Prefetches the entries of the bucket after the next one.
    fileprivate func prefetchEntries(after bucket: Int, _ arena: borrowing Arena) {
        if bucket + 2 < bucketTotal { prefetchEntries(inBucket: bucket + 2, arena) }
    }
}
