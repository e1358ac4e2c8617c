internal import Primitives

/// A map from stream ids to blocks, in the order of the ids: a B+tree.
///
/// ```text
/// a node: 16 bytes, then up to 63 items of 20 bytes; 1,280 bytes in all
/// ┌───────┬──────────┬─────────────────────────┬─────────────────────────┬────
/// │ count │ next,    │ id        │ handle      │ id        │ handle      │
/// │ 2+2   │ previous │ 16 bytes  │ 4 bytes     │           │             │ …
/// └───────┴──────────┴─────────────────────────┴─────────────────────────┴────
/// ```
/// In a leaf the handles are the caller's; in an inner node they are children, and an item's id is
/// not above any id below the child (but the first's may be, after removals) and above all ids
/// below the child before. A tree of one leaf has a
/// block as large as its items need. Ids that come in rising order fill their leaves.
///
/// The tree is a plain value that does not own its memory.
///
/// ## Invariants
/// All leaves lie at depth `height`; none is empty. Ids rise strictly over all leaves, which are
/// linked in both directions.
@frozen
public struct IDTree: BitwiseCopyable, Sendable {
    var root: Handle = .none
    /// The levels, leaves included; 0 = nothing held.
    var height: UInt32 = 0
    var size: UInt32 = 0

    /// The bytes of the value itself.
    static let byteCount = 12
    /// Neighbours that hold no more than this together become one.
    static let mergedCountMax = 48
    /// A node with fewer items looks for a neighbour to merge with.
    static let countMin = 16

    /// An empty tree without memory.
    public init() {}

    /// The ids held.
    public var count: Int { Int(size) }

    /// Where an id stands.
    ///
    /// Valid until the next change.
    public struct Spot: Sendable {
        var leaf: Handle
        var index: Int
    }

    // MARK: Looking up

    /// The leaf in which `id` stands or would stand.
    private func leaf(_ id: StreamID, _ arena: borrowing Arena) -> Handle {
        var node = root
        for _ in 1..<height {
            let inner = IDNode(arena.cell(node))
            node = inner.handle(inner.child(id))
        }
        return node
    }

    /// The block of `id`, or nil.
    ///
    /// Complexity: O(log n).
    public func find(_ id: StreamID, _ arena: borrowing Arena) -> Handle? {
        guard height > 0 else { return nil }
        let leaf = IDNode(arena.cell(leaf(id, arena)))
        let index = leaf.position(id)
        guard index < leaf.count, leaf.id(index) == id else { return nil }
        return leaf.handle(index)
    }

    /// The first id from `id` on, or nil.
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

    /// The last id up to `id`, or nil.
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

    /// The least id's place, or nil.
    public func first(_ arena: borrowing Arena) -> Spot? { seek(.zero, arena) }

    /// The greatest id's place, or nil.
    public func last(_ arena: borrowing Arena) -> Spot? { seekBack(.max, arena) }

    /// The place after `spot`, or nil.
    public func next(_ spot: Spot, _ arena: borrowing Arena) -> Spot? {
        let leaf = IDNode(arena.cell(spot.leaf))
        if spot.index + 1 < leaf.count { return Spot(leaf: spot.leaf, index: spot.index + 1) }
        return leaf.next.isNone ? nil : Spot(leaf: leaf.next, index: 0)
    }

    /// The place before `spot`, or nil.
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

    /// Gives the id at `spot` another block.
    public func setHandle(_ spot: Spot, _ handle: Handle, _ arena: borrowing Arena) {
        IDNode(arena.cell(spot.leaf)).setHandle(spot.index, handle)
    }

    // MARK: Adding

    /// Adds an id that the tree does not hold.
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
            // The first item's id may be above what is to stand below it; it must not be when the
            // child is split.
            if id < inner.id(index) { inner.setID(index, id) }
            path.append(node, index)
            node = inner.handle(index)
        }
        if height == 1 { node = growRoot(&arena) }
        let leaf = IDNode(arena.cell(node))
        let index = leaf.position(id)
        precondition(index == leaf.count || leaf.id(index) != id, "an id is added once")
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

    /// Makes the only leaf's block larger where it is full; returns the leaf.
    private mutating func growRoot(_ arena: inout Arena) -> Handle {
        let count = IDNode(arena.cell(root)).count
        guard count < IDNode.capacity, IDNode.byteCount(count + 1) > arena.capacity(root) else {
            return root
        }
        let wanted = min(count * 2, IDNode.capacity)
        root = arena.reallocate(root, IDNode.byteCount(wanted), keeping: IDNode.byteCount(count))
        return root
    }

    /// A new node to the right of `node`, which is full: with its upper half, or empty where the
    /// next item comes behind all others.
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

    /// Puts a root above the present one and its new neighbour `right`.
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

    /// Takes `id` out; returns its block, or nil when the tree does not hold it.
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

    /// Takes the greatest id out; returns its block, or nil when the tree is empty.
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

    /// Merges the children `left` and the one after it, if they are small; whether it did.
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
        // What lies between the separator and the first child's own id belongs to that child.
        if !isLeaf { target.setID(start, inner.id(left + 1)) }
        drop(inner.handle(left + 1), &arena)
        inner.remove(at: left + 1)
        return true
    }

    /// Unlinks a node and frees it.
    private func drop(_ handle: Handle, _ arena: inout Arena) {
        let node = IDNode(arena.cell(handle))
        if !node.previous.isNone { IDNode(arena.cell(node.previous)).next = node.next }
        if !node.next.isNone { IDNode(arena.cell(node.next)).previous = node.previous }
        arena.free(handle)
    }
}
