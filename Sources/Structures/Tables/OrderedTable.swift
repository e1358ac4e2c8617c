public import Primitives

/// A large sorted set: a hash table and an ordered tree over the same entries.
///
/// ```text
/// 0            24           44
/// ┌────────────┬────────────┐        ┌─────────────────────────────┐
/// │ EntryTable │ OrderedTree│ ─────▶ │ entry: member, score as word│
/// └────────────┴────────────┘        └─────────────────────────────┘
/// ```
/// The table finds members by name, the tree by order. A plain value that does not own its memory.
///
/// ## Invariants
/// Both hold the same entries.
@frozen
public struct OrderedTable: BitwiseCopyable, Sendable {
    private static let treeOffset = 24
    /// The size of the block that `save` writes, in bytes.
    public static let byteCount = 48

    /// The members by name.
    public private(set) var table = EntryTable()
    /// The members by score.
    public private(set) var tree = OrderedTree()

    /// Creates an empty table without memory.
    public init() {}

    /// Loads the table that was saved in the block `handle`.
    public init(_ handle: Handle, _ arena: borrowing Arena) {
        table = arena.cell(handle).load(0)
        tree = arena.cell(handle).load(OrderedTable.treeOffset)
    }

    /// Saves the table to the block `handle`.
    public func save(_ handle: Handle, _ arena: borrowing Arena) {
        arena.cell(handle).store(table, 0)
        arena.cell(handle).store(tree, OrderedTable.treeOffset)
    }

    /// The number of members.
    public var count: Int { table.count }

    // MARK: Reading

    /// The entry of `member`, or nil.
    public func find(_ member: Bytes, _ arena: borrowing Arena) -> EntryTable.Location? {
        table.find(member, arena.hasher(member), arena)
    }

    /// The rank of an entry in the table.
    public func rank(_ location: EntryTable.Location, _ arena: borrowing Arena) -> Int {
        tree.rank(of: table.handle(location), arena)
    }

    /// The number of members that sort before `bound`.
    public func rank(_ bound: OrderedBound, _ arena: borrowing Arena) -> Int {
        tree.seek(bound, arena)?.rank ?? count
    }

    /// Calls `body` with up to `limit` members from `rank` on, descending if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the table.
    public func walk(
        from rank: Int,
        limit: Int,
        reversed: Bool,
        _ arena: borrowing Arena,
        _ body: (Bytes, Double) -> Bool
    ) {
        guard let spot = tree.select(rank, arena) else { return }
        tree.walk(from: spot, limit: limit, reversed: reversed, arena) { entry in
            body(entry.key, entry.score)
        }
    }

    /// Calls `body` with the members that do not sort before `bound`, until it returns false.
    ///
    /// `body` must not change the table.
    public func walk(
        from bound: OrderedBound,
        _ arena: borrowing Arena,
        _ body: (Bytes, Double) -> Bool
    ) {
        guard let spot = tree.seek(bound, arena) else { return }
        tree.walk(from: spot, limit: .max, reversed: false, arena) { entry in
            body(entry.key, entry.score)
        }
    }

    // MARK: Changing

    /// Adds a member that the table does not hold.
    public mutating func insert(
        _ member: Bytes,
        _ hash: KeyHash,
        _ score: Double,
        _ arena: inout Arena
    ) {
        tree.insert(insertUnordered(member, hash, score, &arena), &arena)
    }

    /// Adds a member to the hash table only.
    ///
    /// The caller must call `order` before anything that needs the order.
    @discardableResult
    public mutating func insertUnordered(
        _ member: Bytes,
        _ hash: KeyHash,
        _ score: Double,
        _ arena: inout Arena
    ) -> Handle {
        let handle = arena.allocate(
            Entry.byteCount(key: member.count, hasWord: true, payload: 0)
        )
        Entry(arena.cell(handle)).write(
            kind: .member,
            encoding: 0,
            word: score.bitPattern,
            key: member
        )
        table.insert(handle, hash, &arena)
        return handle
    }

    /// Builds the tree of all members, none of which is in it yet.
    public mutating func order(_ arena: inout Arena) {
        precondition(tree.count == 0, "some members are already in the tree")
        var tree = OrderedTree()
        for bucket in 0..<table.bucketTotal {
            // Collect some of a bucket's handles first: growing the tree must not disturb the walk.
            var handles = InlineArray<128, Handle>(repeating: .none)
            var (done, met) = (0, 0)
            repeat {
                var found = 0
                met = 0
                table.forEach(inBucket: bucket, arena) { location in
                    if met >= done, found < 128 {
                        handles[found] = table.handle(location)
                        found += 1
                    }
                    met += 1
                }
                for index in 0..<found { tree.insert(handles[index], &arena) }
                done += found
            } while done < met
        }
        precondition(tree.count == table.count, "every member is in the tree")
        self.tree = tree
    }

    /// Changes the score of a member in the table.
    public mutating func update(
        _ location: EntryTable.Location,
        score: Double,
        _ arena: inout Arena
    ) {
        tree.update(table.handle(location), score: score, &arena)
    }

    /// Removes a member.
    public mutating func remove(_ location: EntryTable.Location, _ arena: inout Arena) {
        let handle = table.handle(location)
        tree.remove(handle, &arena)
        table.remove(location, &arena)
        arena.free(handle)
    }

    /// Removes the members with the given ranks.
    ///
    /// Complexity: O(k log n).
    public mutating func remove(_ ranks: Range<Int>, _ arena: inout Arena) {
        precondition(ranks.upperBound <= count, "no such members")
        for _ in ranks {
            guard let spot = tree.select(ranks.lowerBound, arena) else { return }
            let member = Entry(arena.cell(tree.handle(at: spot, arena))).key
            guard let location = find(member, arena) else { return }
            remove(location, &arena)
        }
    }

    /// Frees up to `budget` blocks, and whatever hangs on the last of them.
    ///
    /// Subtracts what it freed from the budget. Returns true once everything is freed. After the
    /// first call nothing else may be called.
    public mutating func destroySome(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        guard tree.destroySome(&budget, &arena) else { return false }
        while budget > 0, !table.isDestroyed {
            table.closeLast(&arena)
            budget -= 1
        }
        return table.isDestroyed
    }

    /// Whether table and tree are valid and hold the same members; for tests.
    public func isValid(_ arena: borrowing Arena) -> Bool {
        guard tree.isValid(arena), tree.count == table.count else { return false }
        var isSame = true
        walk(from: 0, limit: count, reversed: false, arena) { member, score in
            isSame = find(member, arena)?.entry.score == score
            return isSame
        }
        return isSame
    }
}
