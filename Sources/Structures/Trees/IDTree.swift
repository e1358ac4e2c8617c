internal import Primitives

/// A B+tree that maps stream ids, in order, to blocks.
///
/// ```text
/// a node: 16 bytes, then up to 63 items of 20 bytes; 1,280 bytes in all
/// ┌───────┬──────────┬─────────────────────────┬─────────────────────────┬────
/// │ count │ next,    │ id        │ handle      │ id        │ handle      │
/// │ 2+2   │ previous │ 16 bytes  │ 4 bytes     │           │             │ …
/// └───────┴──────────┴─────────────────────────┴─────────────────────────┴────
/// ```
/// In a leaf, the handles belong to the user of the tree. In an inner node they are children, and
/// an item's id is a separator: above all ids below the previous child, and not above any id below
/// its own (except that, after removals, the first one may be). A tree of a single leaf has a block
/// just large enough for its items. Appending ids in ascending order fills leaves completely.
///
/// The tree is a plain value that does not own its memory.
///
/// ## Invariants
/// All leaves are at depth `height`; none is empty. Ids strictly ascend over all leaves, which are
/// linked in both directions.
@frozen
public struct IDTree: BitwiseCopyable, Sendable {
    var root: Handle = .none
    /// The number of levels, including leaves; 0 for an empty tree.
    var height: UInt32 = 0
    var size: UInt32 = 0

    /// The size of the value itself, in bytes.
    static let byteCount = 12
    /// Neighbours with at most this many items in total are merged.
    static let mergedCountMax = 48
    /// Nodes with fewer items try to merge with a neighbour.
    static let countMin = 16

    /// Creates an empty tree without memory.
    public init() {}

    /// The number of ids.
    public var count: Int { Int(size) }

    /// The position of an id.
    ///
    /// Valid until the next change.
    public struct Spot: Sendable {
        var leaf: Handle
        var index: Int
    }

    // MARK: Looking up

    /// The leaf that contains, or would contain, `id`.
    private func leaf(_ id: StreamID, _ arena: borrowing Arena) -> Handle {
        var node = root
        for _ in 1..<height {
            let inner = IDNode(arena.cell(node))
            node = inner.handle(inner.child(id))
        }
        return node
    }

    /// The block for `id`, or nil.
    ///
    /// Complexity: O(log n).
    public func find(_ id: StreamID, _ arena: borrowing Arena) -> Handle? {
        guard height > 0 else { return nil }
        let leaf = IDNode(arena.cell(leaf(id, arena)))
        let index = leaf.position(id)
        guard index < leaf.count, leaf.id(index) == id else { return nil }
        return leaf.handle(index)
    }

    /// The position of the first id at or after `id`, or nil.
    ///
    /// Complexity: O(log n).
    public func seek(_ id: StreamID, _ arena: borrowing Arena) -> Spot? {
        guard height > 0 else { return nil }
        let handle = leaf(id, arena)
        let leaf = IDNode(arena.cell(handle))
        let index = leaf.position(id)
        if index < leaf.count { return Spot(leaf: handle, index: index) }
        return leaf.next.isNone ? nil : Spot(leaf: leaf.next, index: 0)
    }

    /// The position of the last id at or before `id`, or nil.
    ///
    /// Complexity: O(log n).
    public func seekBack(_ id: StreamID, _ arena: borrowing Arena) -> Spot? {
        guard height > 0 else { return nil }
        let handle = leaf(id, arena)
        let leaf = IDNode(arena.cell(handle))
        let index = leaf.position(id)
        if index < leaf.count, leaf.id(index) == id { return Spot(leaf: handle, index: index) }
        return previous(Spot(leaf: handle, index: index), arena)
    }

    /// The position of the least id, or nil.
    public func first(_ arena: borrowing Arena) -> Spot? { seek(.zero, arena) }

    /// The position of the greatest id, or nil.
    public func last(_ arena: borrowing Arena) -> Spot? { seekBack(.max, arena) }

    /// The position after `spot`, or nil.
    public func next(_ spot: Spot, _ arena: borrowing Arena) -> Spot? {
        let leaf = IDNode(arena.cell(spot.leaf))
        if spot.index + 1 < leaf.count { return Spot(leaf: spot.leaf, index: spot.index + 1) }
        return leaf.next.isNone ? nil : Spot(leaf: leaf.next, index: 0)
    }

    /// The position before `spot`, or nil.
    public func previous(_ spot: Spot, _ arena: borrowing Arena) -> Spot? {
        if spot.index > 0 { return Spot(leaf: spot.leaf, index: spot.index - 1) }
        let before = IDNode(arena.cell(spot.leaf)).previous
        guard !before.isNone else { return nil }
        return Spot(leaf: before, index: IDNode(arena.cell(before)).count - 1)
    }

    /// The id at `spot`.
    public func id(_ spot: Spot, _ arena: borrowing Arena) -> StreamID {
        IDNode(arena.cell(spot.leaf)).id(spot.index)
    }

    /// The block at `spot`.
    public func handle(_ spot: Spot, _ arena: borrowing Arena) -> Handle {
        IDNode(arena.cell(spot.leaf)).handle(spot.index)
    }

    /// Replaces the block at `spot`.
    public func setHandle(_ spot: Spot, _ handle: Handle, _ arena: borrowing Arena) {
        IDNode(arena.cell(spot.leaf)).setHandle(spot.index, handle)
    }

    // MARK: Adding

    /// Adds an id that is not in the tree.
    ///
    /// Complexity: O(log n).
    public mutating func insert(_ id: StreamID, _ handle: Handle, _ arena: inout Arena) {
        if height == 0 {
            root = arena.allocate(IDNode.byteCount(1))
            IDNode(arena.cell(root)).clear()
            height = 1
        }
        var path = Path()
        var node = root
        for _ in 1..<height {
            let inner = IDNode(arena.cell(node))
            let index = inner.child(id)
            // The first separator may be above the ids below it, but must not be when the child is
            // split.
            if id < inner.id(index) { inner.setID(index, id) }
            path.append(node, index)
            node = inner.handle(index)
        }
        if height == 1 { node = growRoot(&arena) }
        let leaf = IDNode(arena.cell(node))
        let index = leaf.position(id)
        precondition(index == leaf.count || leaf.id(index) != id, "the id is already in the tree")
        size += 1
        if leaf.count < IDNode.capacity { return leaf.insert(id, handle, at: index) }
        let appends = index == leaf.count && leaf.next.isNone
        var right = split(node, appends: appends, isLeaf: true, &arena)
        put(id, handle, at: index, node, right)
        var level: UInt32 = 1
        while let (parent, at) = path.removeLast() {
            let inner = IDNode(arena.cell(parent))
            let separator = IDNode(arena.cell(right)).id(0)
            if inner.count < IDNode.capacity { return inner.insert(separator, right, at: at + 1) }
            let rightParent = split(parent, appends: appends, isLeaf: false, &arena)
            put(separator, right, at: at + 1, parent, rightParent)
            right = rightParent
            level += 1
        }
        growUp(right, &arena)

        func put(_ id: StreamID, _ handle: Handle, at index: Int, _ left: Handle, _ right: Handle) {
            let leftNode = IDNode(arena.cell(left))
            if index < leftNode.count || (index == leftNode.count && !appends) {
                leftNode.insert(id, handle, at: index)
            } else {
                IDNode(arena.cell(right)).insert(id, handle, at: index - leftNode.count)
            }
        }
    }

    /// Enlarges the block of the only leaf if it is full; returns the leaf.
    private mutating func growRoot(_ arena: inout Arena) -> Handle {
        let count = IDNode(arena.cell(root)).count
        guard count < IDNode.capacity, IDNode.byteCount(count + 1) > arena.capacity(root) else {
            return root
        }
        let wanted = min(count * 2, IDNode.capacity)
        root = arena.reallocate(root, IDNode.byteCount(wanted), keeping: IDNode.byteCount(count))
        return root
    }

    /// Creates a node to the right of the full node `node`.
    ///
    /// It gets the upper half of the items, or none if the next item is appended after all others.
    private func split(
        _ node: Handle,
        appends: Bool,
        isLeaf: Bool,
        _ arena: inout Arena
    ) -> Handle {
        let handle = arena.allocate(IDNode.byteCount(IDNode.capacity))
        let left = IDNode(arena.cell(node))
        let right = IDNode(arena.cell(handle))
        right.clear()
        if !appends {
            let kept = left.count / 2
            right.append(left, from: kept)
            left.count = kept
        }
        guard isLeaf else { return handle }
        right.next = left.next
        right.previous = node
        if !left.next.isNone { IDNode(arena.cell(left.next)).previous = handle }
        left.next = handle
        return handle
    }

    /// Puts a new root above the current one and its new right neighbour `right`.
    private mutating func growUp(_ right: Handle, _ arena: inout Arena) {
        let handle = arena.allocate(IDNode.byteCount(IDNode.capacity))
        let node = IDNode(arena.cell(handle))
        node.clear()
        node.insert(IDNode(arena.cell(root)).id(0), root, at: 0)
        node.insert(IDNode(arena.cell(right)).id(0), right, at: 1)
        root = handle
        height += 1
    }

    // MARK: Removing

    /// Removes `id`; returns its block, or nil if it is not in the tree.
    ///
    /// Complexity: O(log n).
    @discardableResult
    public mutating func remove(_ id: StreamID, _ arena: inout Arena) -> Handle? {
        guard height > 0 else { return nil }
        var path = Path()
        var node = root
        for _ in 1..<height {
            let inner = IDNode(arena.cell(node))
            let index = inner.child(id)
            path.append(node, index)
            node = inner.handle(index)
        }
        let leaf = IDNode(arena.cell(node))
        let index = leaf.position(id)
        guard index < leaf.count, leaf.id(index) == id else { return nil }
        let handle = leaf.handle(index)
        leaf.remove(at: index)
        size -= 1
        settle(node, &path, &arena)
        return handle
    }

    /// Removes the greatest id; returns its block, or nil if the tree is empty.
    public mutating func removeLast(_ arena: inout Arena) -> Handle? {
        guard let spot = last(arena) else { return nil }
        return remove(id(spot, arena), &arena)
    }

    /// Frees or merges nodes that lost an item, from `node` upwards.
    private mutating func settle(_ node: Handle, _ path: inout Path, _ arena: inout Arena) {
        var node = node
        var isLeaf = true
        while let (parent, index) = path.removeLast() {
            let child = IDNode(arena.cell(node))
            let inner = IDNode(arena.cell(parent))
            if child.count == 0 {
                drop(node, &arena)
                inner.remove(at: index)
            } else if child.count < IDTree.countMin {
                guard merge(inner, max(index - 1, 0), isLeaf: isLeaf, &arena) else { return }
            } else {
                return
            }
            node = parent
            isLeaf = false
        }
        settleRoot(&arena)
    }

    mutating func settleRoot(_ arena: inout Arena) {
        if size == 0 {
            arena.free(root)
            self = IDTree()
            return
        }
        while height > 1, IDNode(arena.cell(root)).count == 1 {
            let child = IDNode(arena.cell(root)).handle(0)
            arena.free(root)
            root = child
            height -= 1
        }
        if height == 1 {
            let used = IDNode.byteCount(IDNode(arena.cell(root)).count)
            root = arena.reallocate(root, used, keeping: used)
        }
    }

    /// Merges the child `left` and the next one if they are small; returns whether it did.
    private func merge(
        _ inner: IDNode,
        _ left: Int,
        isLeaf: Bool,
        _ arena: inout Arena
    ) -> Bool {
        guard left + 1 < inner.count else { return false }
        let target = IDNode(arena.cell(inner.handle(left)))
        let source = IDNode(arena.cell(inner.handle(left + 1)))
        let start = target.count
        guard start + source.count <= IDTree.mergedCountMax else { return false }
        target.append(source, from: 0)
        // Ids between the separator and the first child's own id belong to that child.
        if !isLeaf { target.setID(start, inner.id(left + 1)) }
        drop(inner.handle(left + 1), &arena)
        inner.remove(at: left + 1)
        return true
    }

    /// Unlinks and frees a node.
    private func drop(_ handle: Handle, _ arena: inout Arena) {
        let node = IDNode(arena.cell(handle))
        if !node.previous.isNone { IDNode(arena.cell(node.previous)).next = node.next }
        if !node.next.isNone { IDNode(arena.cell(node.next)).previous = node.previous }
        arena.free(handle)
    }
}
