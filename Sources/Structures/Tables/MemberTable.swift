public import Primitives

/// A large set: a hash table of its members' entries.
///
/// ```text
/// 0            24
/// ┌────────────┐        ┌───────────────┐
/// │ EntryTable │ ─────▶ │ entry: member │
/// └────────────┘        └───────────────┘
/// ```
/// A member of 10 bytes takes 12 in its entry, a block of 16, and a seventh of a bucket of 64. A
/// plain value that does not own its memory.
@frozen
public struct MemberTable: BitwiseCopyable, Sendable {
    /// The bytes of the block that `save` fills.
    public static let byteCount = 24

    /// The members by their bytes.
    public private(set) var table = EntryTable()

    /// An empty table without memory.
    public init() {}

    /// The table that was saved in the block `handle`.
    public init(_ handle: Handle, _ arena: borrowing Arena) { table = arena.cell(handle).load(0) }

    /// Writes the table into the block `handle`.
    public func save(_ handle: Handle, _ arena: borrowing Arena) {
        arena.cell(handle).store(table, 0)
    }

    /// The members held.
    public var count: Int { table.count }

    /// Adds a member that the table does not hold.
    ///
    /// Complexity: O(1).
    public mutating func insert(_ member: Bytes, _ hash: KeyHash, _ arena: inout Arena) {
        _ = table.insert(
            member,
            hash,
            kind: .member,
            encoding: 0,
            word: nil,
            payload: 0,
            &arena
        )
    }

    /// Takes a member out.
    ///
    /// Complexity: O(1).
    public mutating func remove(_ location: EntryTable.Location, _ arena: inout Arena) {
        table.removeEntry(location, &arena)
    }

    /// Calls `body` with every member until it says false, asking the cache for entries two buckets
    /// ahead.
    ///
    /// `body` must not change the table.
    public func forEach(_ arena: borrowing Arena, _ body: (Bytes) -> Bool) {
        guard count > 0 else { return }
        let total = table.bucketTotal
        var goesOn = true
        for index in 0..<total {
            if index + 2 < total { table.prefetchEntries(inBucket: index + 2, arena) }
            table.forEach(inBucket: index, arena) { location in
                if goesOn { goesOn = body(location.entry.key) }
            }
            guard goesOn else { return }
        }
    }

    /// Some members that are looked at together.
    public struct Batch: ~Copyable {
        /// The most members.
        public static let capacity = 32
        /// The members held.
        public fileprivate(set) var count = 0
        fileprivate var members = InlineArray<32, Bytes>(repeating: Bytes())

        /// Member `index`, lent by the table.
        public subscript(index: Int) -> Bytes {
            // By its span, as the whole array would be copied otherwise.
            members.span[index]
        }

        fileprivate mutating func append(_ member: Bytes) {
            var span = members.mutableSpan
            span[count] = member
            count &+= 1
        }
    }

    /// As `forEach`, some dozens of members at a time.
    public func forEachBatch(_ arena: borrowing Arena, _ body: (borrowing Batch) -> Bool) {
        guard count > 0 else { return }
        let total = table.bucketTotal
        var batch = Batch()
        for index in 0..<total {
            if index + 2 < total { table.prefetchEntries(inBucket: index + 2, arena) }
            var cell: Cell? = table.bucketCell(UInt32(index), arena)
            while let bucket = cell {
                var used = table.usedSlots(bucket)
                while used != 0 {
                    let slot = used.trailingZeroBitCount
                    used &= used &- 1
                    let handle = Handle(units: bucket.load(16 &+ slot &* 4))
                    batch.append(Entry(arena.cell(handle)).key)
                    guard batch.count == Batch.capacity else { continue }
                    guard body(batch) else { return }
                    batch.count = 0
                }
                cell = table.isChained(bucket) ? arena.cell(table.link(bucket)) : nil
            }
        }
        if batch.count > 0 { _ = body(batch) }
    }

    /// Gives memory back, at most `budget` blocks and what hangs on the last bucket of them, and
    /// takes what it freed from the budget.
    ///
    /// Returns whether all is freed. Nothing else may be called after.
    public mutating func destroySome(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        while budget > 0, !table.isDestroyed { budget -= table.destroyLast(&arena) }
        return table.isDestroyed
    }

    /// Whether every member is found where it belongs; for tests.
    public func isValid(_ arena: borrowing Arena) -> Bool {
        var found = 0
        forEach(arena) { member in
            guard table.find(member, arena.hasher(member), arena) != nil else { return false }
            found += 1
            return true
        }
        return found == count
    }
}
