internal import Primitives
internal import Structures

// Copies of ordered collections, made in slices: a list node by node, a sorted set member by
// member.

/// A copy of a large list in progress.
struct ListCopy {
    private let source: Shard
    private let target: Shard
    private let list: UnrolledList
    private var copy: UnrolledList
    /// The next node to copy.
    private var next: UnrolledList.Location?
    let root: Handle

    init(of root: Handle, from source: Shard, to target: Shard) {
        self.source = source
        self.target = target
        list = UnrolledList(root, source.arena)
        copy = UnrolledList(depth: Int(list.depth))
        next = list.locate(0, source.arena)
        self.root = target.arena.allocate(UnrolledList.byteCount)
        copy.save(self.root, target.arena)
    }

    mutating func copySome(_ budget: inout Int) -> Bool {
        while budget > 0, var location = next {
            let node = list.node(location, source.arena)
            copy.append(copyOf: node, &target.arena)
            budget -= 1 + ValueCopy.cost(node.storedBytes)
            next = list.advance(&location, reversed: false, source.arena) ? location : nil
        }
        copy.save(root, target.arena)
        return next == nil
    }
}

/// A copy of a large sorted set in progress.
struct SortedSetCopy {
    /// A member is inserted into a table and into a tree.
    private static let memberCost = 2
    /// The number of members copied between two checks of the budget.
    private static let stride = 32

    private let source: Shard
    private let target: Shard
    private let table: OrderedTable
    private var copy = OrderedTable()
    private var rank = 0
    let root: Handle

    init(of root: Handle, from source: Shard, to target: Shard) {
        self.source = source
        self.target = target
        table = OrderedTable(root, source.arena)
        self.root = target.arena.allocate(OrderedTable.byteCount)
        copy.save(self.root, target.arena)
    }

    mutating func copySome(_ budget: inout Int) -> Bool {
        var copy = copy
        while budget > 0, rank < table.count {
            let limit = min(SortedSetCopy.stride, table.count - rank)
            table.walk(from: rank, limit: limit, reversed: false, source.arena) { member, score in
                copy.insert(member, target.hash(member), score, &target.arena)
                budget -= SortedSetCopy.memberCost + ValueCopy.cost(member.count)
                return true
            }
            rank += limit
        }
        copy.save(root, target.arena)
        self.copy = copy
        return rank == table.count
    }
}
