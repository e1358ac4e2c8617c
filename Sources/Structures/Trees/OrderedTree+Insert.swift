internal import Primitives

/// Insertion: descending, making room, splitting.
extension OrderedTree {
    /// A sibling with at most this many members takes some from a full leaf instead of a split.
    static let shiftMax = 70

    /// Adds an entry that is not in the tree.
    ///
    /// Complexity: O(log n).
    public mutating func insert(_ handle: Handle, _ arena: inout Arena) {
        precondition(count < Int(UInt32.max), "a sorted set holds at most 2^32 - 1 members")
        if height == 0 { openFirstLeaf(&arena) }
        let bound = OrderedBound(member: handle, arena)
        while true {
            var path = Path()
            let node = descend(bound, &path, arena)
            let leaf = LeafNode(arena.cell(node))
            if leaf.count == LeafNode.capacity {
                makeRoom(node, path, bound, &arena)
                continue
            }
            insert(handle, bound, leaf, &path, arena)
            counted(1)
            return
        }
    }

    private mutating func openFirstLeaf(_ arena: inout Arena) {
        root = arena.allocate(LeafNode.byteCount)
        LeafNode(arena.cell(root)).clear()
        first = root
        last = root
        height = 1
    }

    /// The leaf that contains the position `bound`; `path` becomes the path to it.
    func descend(_ bound: OrderedBound, _ path: inout Path, _ arena: borrowing Arena) -> Handle {
        var node = root
        for _ in 1..<height {
            let inner = InnerNode(arena.cell(node))
            let index = inner.child(bound, arena)
            path.append(node, index)
            node = inner.child(index)
            LeafNode(arena.cell(node)).prefetch()
        }
        return node
    }

    /// Inserts an entry into a leaf with room, and counts it in the nodes above.
    private func insert(
        _ handle: Handle,
        _ bound: OrderedBound,
        _ leaf: LeafNode,
        _ path: inout Path,
        _ arena: borrowing Arena
    ) {
        let index = leaf.position(bound, arena)
        leaf.insert(handle, leaf.digest(of: bound.digestible), at: index)
        if !leaf.isInWindow(bound.digestible) { leaf.fit(arena) }
        var isLeast = index == 0
        while let (node, child) = path.removeLast() {
            let inner = InnerNode(arena.cell(node))
            inner.setCount(child, inner.count(child) &+ 1)
            if isLeast { inner.setLeast(child, handle, arena) }
            isLeast = isLeast && child == 0
        }
    }

    // MARK: Making room

    /// Makes room in a full leaf, by moving members to a sibling or by splitting it.
    private mutating func makeRoom(
        _ node: Handle,
        _ path: Path,
        _ bound: OrderedBound,
        _ arena: inout Arena
    ) {
        let leaf = LeafNode(arena.cell(node))
        let isEnd =
            (node == last && leaf.position(bound, arena) == leaf.count)
            || (node == first && leaf.position(bound, arena) == 0)
        if path.count > 0, !isEnd {
            let (parent, index) = path[path.count - 1]
            let inner = InnerNode(arena.cell(parent))
            if index + 1 < inner.count, inner.count(index + 1) <= OrderedTree.shiftMax {
                return shiftRight(inner, index, arena)
            }
            if index > 0, inner.count(index - 1) <= OrderedTree.shiftMax {
                return shiftLeft(inner, index, arena)
            }
        }
        split(node, path, bound, &arena)
    }

    /// Moves the last members of child `index` to the front of the next child.
    private func shiftRight(_ inner: InnerNode, _ index: Int, _ arena: borrowing Arena) {
        let source = LeafNode(arena.cell(inner.child(index)))
        let target = LeafNode(arena.cell(inner.child(index + 1)))
        let moved = (source.count - target.count) / 2
        let kept = source.count - moved
        target.makeFront(moved)
        for place in 0..<moved { target.setHandle(place, source.handle(kept + place)) }
        source.truncate(to: kept)
        target.fit(arena)
        settle(inner, index, source, arena)
        settle(inner, index + 1, target, arena)
    }

    /// Moves the first members of child `index` to the end of the previous child.
    private func shiftLeft(_ inner: InnerNode, _ index: Int, _ arena: borrowing Arena) {
        let source = LeafNode(arena.cell(inner.child(index)))
        let target = LeafNode(arena.cell(inner.child(index - 1)))
        let moved = (source.count - target.count) / 2
        target.append(0..<moved, of: source)
        source.removeFirst(moved)
        target.fit(arena)
        settle(inner, index - 1, target, arena)
        settle(inner, index, source, arena)
    }

    /// Updates a leaf's count and least entry in its parent.
    private func settle(
        _ inner: InnerNode,
        _ index: Int,
        _ leaf: LeafNode,
        _ arena: borrowing Arena
    ) {
        inner.setCount(index, leaf.count)
        inner.setLeast(index, leaf.handle(0), arena)
    }

    /// Splits a full leaf in the middle, or beside its outermost member if the tree grows there.
    ///
    /// That way, members added in order fill their leaves.
    private mutating func split(
        _ node: Handle,
        _ path: Path,
        _ bound: OrderedBound,
        _ arena: inout Arena
    ) {
        let source = LeafNode(arena.cell(node))
        let position = source.position(bound, arena)
        let kept =
            node == last && position == source.count
            ? source.count - 1 : node == first && position == 0 ? 1 : source.count / 2
        let added = arena.allocate(LeafNode.byteCount)
        let target = LeafNode(arena.cell(added))
        target.clear()
        target.append(kept..<source.count, of: source)
        source.truncate(to: kept)
        source.fit(arena)
        target.fit(arena)
        target.next = source.next
        target.previous = node
        if source.next.isNone {
            last = added
        } else {
            LeafNode(arena.cell(source.next)).previous = added
        }
        source.next = added
        adopt(added, count: target.count, least: target.handle(0), path, &arena)
    }

    /// Inserts a new node to the right of the one at `path`, splitting full parents.
    private mutating func adopt(
        _ node: Handle,
        count entries: Int,
        least: Handle,
        _ path: Path,
        _ arena: inout Arena
    ) {
        var (node, entries, least) = (node, entries, least)
        var path = path
        while let (parent, index) = path.removeLast() {
            let inner = InnerNode(arena.cell(parent))
            inner.setCount(index, inner.count(index) - entries)
            if inner.count < InnerNode.capacity {
                return inner.insert(node, count: entries, least: least, at: index + 1, arena)
            }
            let added = arena.allocate(InnerNode.byteCount)
            let target = InnerNode(arena.cell(added))
            target.count = 0
            // If children are appended in order, the full node stays full.
            let kept = index + 1 == inner.count ? inner.count - 1 : inner.count / 2
            target.append(kept..<inner.count, of: inner)
            inner.count = kept
            if index < kept {
                inner.insert(node, count: entries, least: least, at: index + 1, arena)
            } else {
                target.insert(node, count: entries, least: least, at: index + 1 - kept, arena)
            }
            (node, entries, least) = (added, target.total, target.member(0))
        }
        growRoot(node, count: entries, least: least, &arena)
    }

    /// Puts a new root above the old one and `node`, which comes after it.
    private mutating func growRoot(
        _ node: Handle,
        count entries: Int,
        least: Handle,
        _ arena: inout Arena
    ) {
        let added = arena.allocate(InnerNode.byteCount)
        let inner = InnerNode(arena.cell(added))
        inner.count = 0
        let leastOfOld = leastEntry(root, levels: height, arena)
        inner.insert(root, count: count - entries, least: leastOfOld, at: 0, arena)
        inner.insert(node, count: entries, least: least, at: 1, arena)
        root = added
        height += 1
    }

    private func leastEntry(_ node: Handle, levels: UInt32, _ arena: borrowing Arena) -> Handle {
        levels == 1
            ? LeafNode(arena.cell(node)).handle(0) : InnerNode(arena.cell(node)).member(0)
    }
}
