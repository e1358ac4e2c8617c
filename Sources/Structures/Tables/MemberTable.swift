public import Primitives

/// A large set: a hash table of its members' entries.
///
/// ```text
/// 0            24
/// ┌────────────┐        ┌───────────────┐
/// │ EntryTable │ ─────▶ │ entry: member │
/// └────────────┘        └───────────────┘
/// ```
/// A member of 10 bytes takes 12 in its entry, a block of 16, and a seventh of a 64-byte bucket. A
/// plain value that does not own its memory.
@frozen
public struct MemberTable: BitwiseCopyable, Sendable {
    /// The size of the block that `save` writes, in bytes.
    public static let byteCount = 24

    /// The entries of the members.
    public private(set) var table = EntryTable()

    /// Creates an empty table without memory.
    public init() {}

    /// Loads the table that was saved in the block `handle`.
    public init(_ handle: Handle, _ arena: borrowing Arena) { table = arena.cell(handle).load(0) }

    /// Saves the table to the block `handle`.
    public func save(_ handle: Handle, _ arena: borrowing Arena) {
        arena.cell(handle).store(table, 0)
    }

    /// The number of members.
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

    /// Removes a member.
    ///
    /// Complexity: O(1).
    public mutating func remove(_ location: EntryTable.Location, _ arena: inout Arena) {
        table.removeEntry(location, &arena)
    }

    /// Calls `body` with each member until it returns false; prefetches entries two buckets ahead.
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

    /// Several members to process together.
    public struct Batch: ~Copyable {
        /// The maximum number of members.
        public static let capacity = 32
        /// The number of members.
        public fileprivate(set) var count = 0
        fileprivate var members = InlineArray<32, Bytes>(repeating: Bytes())

        /// Member `index`, borrowed from the table.
        public subscript(index: Int) -> Bytes {
            // Through the span, as subscripting the array would copy all of it.
            members.span[index]
        }

        fileprivate mutating func append(_ member: Bytes) {
            var span = members.mutableSpan
            span[count] = member
            count &+= 1
        }
    }

    /// As `forEach`, a few dozen members at a time.
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

    /// Frees up to `budget` blocks and one bucket's more; subtracts what it freed from the budget.
    ///
    /// Returns true once everything is freed. After the first call nothing else may be called.
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
