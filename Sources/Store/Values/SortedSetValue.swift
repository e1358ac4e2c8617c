public import Primitives
public import Structures

/// A sorted set: choice of encoding, reading, changing.
///
/// ```text
/// 0 pack    a SortedPack, up to zset-max-listpack-entries members of zset-max-listpack-value bytes
/// 1 table   a block of 48 bytes with an OrderedTable
/// ```
/// A pack that gets too large becomes a table and stays one.
public struct SortedSetValue {
    /// The encoding of a sorted set.
    public enum Encoding: UInt8, Sendable {
        /// A `SortedPack`.
        case pack = 0
        /// An `OrderedTable`.
        case table = 1
    }

    /// The slot of the key; valid as long as no key is added or removed.
    public let slot: Shard.Slot

    /// Views the sorted set at `slot`.
    public init(_ slot: Shard.Slot) {
        assert(slot.entry.isKind(.sortedSet), "another kind of value")
        self.slot = slot
    }

    private var shard: Shard { slot.shard }
    private var root: Handle { slot.entry.collection }

    /// The encoding.
    public var encoding: Encoding { slot.entry.encoding == 0 ? .pack : .table }

    private var pack: SortedPack { SortedPack(shard.arena.cell(root)) }
    private var table: OrderedTable { OrderedTable(root, shard.arena) }

    // MARK: Reading

    /// The number of members.
    public var count: Int {
        switch encoding {
        case .pack: pack.count
        case .table: table.count
        }
    }

    /// The score of `member`, or nil.
    ///
    /// Complexity: O(1); in a pack O(members).
    public func score(_ member: Bytes) -> Double? {
        switch encoding {
        case .pack: pack.find(member)?.item.score
        case .table: table.find(member, shard.arena)?.entry.score
        }
    }

    /// The rank of `member`, in ascending order, and its score; or nil.
    ///
    /// Complexity: O(log n).
    public func rank(_ member: Bytes) -> (rank: Int, score: Double)? {
        switch encoding {
        case .pack:
            return pack.find(member).map { ($0.rank, $0.item.score) }
        case .table:
            let table = table
            guard let location = table.find(member, shard.arena) else { return nil }
            return (table.rank(location, shard.arena), location.entry.score)
        }
    }

    /// The number of members that sort before `bound`.
    ///
    /// Complexity: O(log n).
    public func rank(_ bound: OrderedBound) -> Int {
        switch encoding {
        case .pack: pack.rank(bound)
        case .table: table.rank(bound, shard.arena)
        }
    }

    /// Calls `body` with up to `limit` members from `rank` on, descending if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the set.
    public func walk(
        from rank: Int,
        limit: Int,
        reversed: Bool = false,
        _ body: (Bytes, Double) -> Bool
    ) {
        switch encoding {
        case .pack:
            pack.walk(from: rank, limit: limit, reversed: reversed, body)
        case .table:
            table.walk(from: rank, limit: limit, reversed: reversed, shard.arena, body)
        }
    }

    /// Calls `body` with the members that do not sort before `bound`, until it returns false.
    ///
    /// `body` must not change the set.
    public func walk(from bound: OrderedBound, _ body: (Bytes, Double) -> Bool) {
        switch encoding {
        case .pack:
            pack.walk(from: pack.rank(bound), limit: .max, reversed: false, body)
        case .table:
            table.walk(from: bound, shard.arena, body)
        }
    }

    /// Calls `body` with the next members of a scan, with all at once if the set is a pack.
    ///
    /// Returns the next cursor, zero at the end.
    public func scan(_ cursor: UInt64, _ body: (Bytes, Double) -> Void) -> UInt64 {
        switch encoding {
        case .pack:
            walk(from: 0, limit: .max) { member, score in
                body(member, score)
                return true
            }
            return 0
        case .table:
            return table.table.scan(cursor, shard.arena) { location in
                body(location.entry.key, location.entry.score)
            }
        }
    }

    /// The total size of its blocks in bytes, with entries estimated from the first 64.
    var byteCount: Int {
        let own = shard.arena.capacity(root)
        guard encoding == .table else { return own }
        var sampled = 0
        var bytes = 0
        walk(from: 0, limit: 64) { member, _ in
            sampled += 1
            bytes += Entry.byteCount(key: member.count, hasWord: true, payload: 0)
            return true
        }
        // A bucket of 64 bytes holds 7 entries, a leaf of 512 about 60.
        return own + (sampled == 0 ? 0 : bytes * count / sampled) + count * 18
    }

    // MARK: Changing

    /// Sets the score of `member` to what `decide` returns for its current one (nil: absent).
    ///
    /// If `decide` returns nil, nothing changes.
    public func edit(
        _ member: Bytes,
        _ limits: EncodingLimits,
        _ decide: (Double?) -> Double?
    ) {
        switch encoding {
        case .pack: editPack(member, limits, decide)
        case .table: editTable(member, decide)
        }
    }

    private func editPack(
        _ member: Bytes,
        _ limits: EncodingLimits,
        _ decide: (Double?) -> Double?
    ) {
        let found = pack.find(member)
        guard let score = decide(found?.item.score) else { return }
        shard.willEdit(slot)
        if let found {
            slot.entry.collection = SortedPack.update(
                found.item,
                score: score,
                root,
                &shard.arena
            )
        } else if SortedSetValue.fitsPack(pack.count + 1, member.count, limits) {
            slot.entry.collection = SortedPack.insert(member, score, root, &shard.arena)
        } else {
            makeTable()
            editTable(member) { _ in score }
        }
    }

    private func editTable(_ member: Bytes, _ decide: (Double?) -> Double?) {
        var table = table
        let hash = shard.hash(member)
        let location = table.table.find(member, hash, shard.arena)
        guard let score = decide(location?.entry.score) else { return }
        shard.willEdit(slot)
        if let location {
            table.update(location, score: score, &shard.arena)
        } else {
            table.insert(member, hash, score, &shard.arena)
        }
        table.save(root, shard.arena)
    }

    /// Removes `member`; returns whether it was present.
    ///
    /// The key stays, even without members.
    public func remove(_ member: Bytes) -> Bool {
        switch encoding {
        case .pack:
            guard let found = pack.find(member) else { return false }
            remove(found.rank..<found.rank + 1)
        case .table:
            var table = table
            guard let location = table.find(member, shard.arena) else { return false }
            shard.willEdit(slot)
            table.remove(location, &shard.arena)
            table.save(root, shard.arena)
        }
        return true
    }

    /// Removes the members with the given ranks.
    ///
    /// The key stays, even without members.
    public func remove(_ ranks: Range<Int>) {
        guard !ranks.isEmpty else { return }
        shard.willEdit(slot)
        switch encoding {
        case .pack:
            slot.entry.collection = SortedPack.remove(ranks, root, &shard.arena)
        case .table:
            var table = table
            table.remove(ranks, &shard.arena)
            table.save(root, shard.arena)
        }
    }

    /// Removes the key if it has no members.
    ///
    /// Returns whether it did.
    @discardableResult
    public func removeIfEmpty() -> Bool {
        guard count == 0 else { return false }
        shard.remove(slot)
        return true
    }

    // MARK: Creating

    /// Whether `count` members, none longer than `bytes`, are kept as a pack.
    static func fitsPack(_ count: Int, _ bytes: Int, _ limits: EncodingLimits) -> Bool {
        count <= min(limits.sortedSetPackEntriesMax, SortedPack.countMax)
            && bytes <= limits.sortedSetPackValueMax
    }

    /// Adds `key`, which must be absent, without members; the first will have `bytes` bytes.
    public static func create(
        _ key: Key,
        memberBytes bytes: Int,
        _ limits: EncodingLimits,
        in shard: Shard
    ) -> SortedSetValue {
        guard fitsPack(1, bytes, limits) else { return create(key, OrderedTable(), in: shard) }
        let handle = SortedPack.create(bytes, &shard.arena)
        return insert(key, .pack, handle, in: shard)
    }

    private static func create(
        _ key: Key,
        _ table: OrderedTable,
        in shard: Shard
    ) -> SortedSetValue {
        let handle = shard.arena.allocate(OrderedTable.byteCount)
        table.save(handle, shard.arena)
        return insert(key, .table, handle, in: shard)
    }

    private static func insert(
        _ key: Key,
        _ encoding: Encoding,
        _ handle: Handle,
        in shard: Shard
    ) -> SortedSetValue {
        let slot = shard.insert(
            key,
            kind: .sortedSet,
            encoding: encoding.rawValue,
            expiry: nil,
            payload: 4
        )
        slot.entry.collection = handle
        return SortedSetValue(slot)
    }

    /// Adds `key`, which must be absent, with the members of `table`, as a pack if they fit.
    ///
    /// `table` is in the same shard and is taken over.
    public static func create(
        _ key: Key,
        takingOver table: inout OrderedTable,
        _ limits: EncodingLimits,
        in shard: Shard
    ) {
        precondition(table.count > 0, "a sorted set has members")
        var longest = 0
        if table.count <= limits.sortedSetPackEntriesMax {
            table.walk(from: 0, limit: .max, reversed: false, shard.arena) { member, _ in
                longest = max(longest, member.count)
                return true
            }
        }
        guard fitsPack(table.count, longest, limits) else {
            _ = create(key, table, in: shard)
            table = OrderedTable()
            return
        }
        var handle = SortedPack.create(longest, &shard.arena)
        for rank in 0..<table.count {
            guard let spot = table.tree.select(rank, shard.arena) else { break }
            let entry = Entry(shard.arena.cell(table.tree.handle(at: spot, shard.arena)))
            handle = SortedPack.insert(entry.key, entry.score, handle, &shard.arena)
        }
        _ = insert(key, .pack, handle, in: shard)
        destroy(&table, in: shard)
    }

    /// Frees a table that has no key.
    public static func destroy(_ table: inout OrderedTable, in shard: Shard) {
        var budget = Int.max
        let isDone = table.destroySome(&budget, &shard.arena)
        precondition(isDone, "the budget is enough")
        table = OrderedTable()
    }

    private func makeTable() {
        let old = root
        var table = OrderedTable()
        pack.walk(from: 0, limit: .max, reversed: false) { member, score in
            table.insert(member, shard.hash(member), score, &shard.arena)
            return true
        }
        let handle = shard.arena.allocate(OrderedTable.byteCount)
        table.save(handle, shard.arena)
        slot.entry.encoding = Encoding.table.rawValue
        slot.entry.collection = handle
        shard.arena.free(old)
    }

    /// Frees up to `budget` blocks of a sorted set whose key is gone; true once all are freed.
    static func free(
        encoding: UInt8,
        _ root: Handle,
        _ budget: inout Int,
        _ arena: inout Arena
    ) -> Bool {
        if encoding == Encoding.table.rawValue {
            var table = OrderedTable(root, arena)
            let isDone = table.destroySome(&budget, &arena)
            guard isDone else {
                table.save(root, arena)
                return false
            }
        }
        arena.free(root)
        budget -= 1
        return true
    }
}
