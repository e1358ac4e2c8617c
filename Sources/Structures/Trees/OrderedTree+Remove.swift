internal import Primitives

/// Removal, and changes of scores.
extension OrderedTree {
    /// Two leaves with at most this many members in total are merged.
    static let leafMergeMax = LeafNode.capacity * 9 / 10
    /// Two inner nodes with at most this many children in total are merged.
    static let innerMergeMax = InnerNode.capacity * 3 / 4

    /// Removes an entry from the tree; the caller owns its block.
    ///
    /// Complexity: O(log n).
    public mutating func remove(_ handle: Handle, _ arena: inout Arena) {
        let bound = OrderedBound(member: handle, arena)
        var path = Path()
        let node = descend(bound, &path, arena)
        let index = LeafNode(arena.cell(node)).index(of: handle, bound)
        remove(at: index, of: node, path, &arena)
    }

    /// Changes the score of an entry in the tree, and its position if necessary.
    ///
    /// Complexity: O(log n); in place if its neighbours stay the same.
    public mutating func update(_ handle: Handle, score: Double, _ arena: inout Arena) {
        let bound = OrderedBound(member: handle, arena)
        var path = Path()
        let node = descend(bound, &path, arena)
        let leaf = LeafNode(arena.cell(node))
        let index = leaf.index(of: handle, bound)
        let entry = Entry(arena.cell(handle))
        let target = OrderedBound(.member, score: score, member: entry.key)
        if leaf.keepsPlace(index, target, arena) {
            entry.score = score
            leaf.setDigest(index, leaf.digest(of: target.digestible))
            if !leaf.isInWindow(target.digestible) { leaf.fit(arena) }
            if index == 0 { lower(handle, path, arena) }
            return
        }
        if moveWithin(leaf, index, target, handle, path, arena) { return }
        remove(at: index, of: node, path, &arena)
        entry.score = score
        insert(handle, &arena)
    }

    /// Moves an entry within its leaf; returns false if it belongs elsewhere.
    private func moveWithin(
        _ leaf: LeafNode,
        _ index: Int,
        _ target: OrderedBound,
        _ handle: Handle,
        _ path: Path,
        _ arena: borrowing Arena
    ) -> Bool {
        guard leaf.isInWindow(target.digestible) else { return false }
        let position = leaf.position(target, arena)
        guard position > 0, position < leaf.count else { return false }
        leaf.remove(at: index)
        Entry(arena.cell(handle)).score = target.score
        let place = position > index ? position - 1 : position
        leaf.insert(handle, leaf.digest(of: target.digestible), at: place)
        if index == 0 { lower(leaf.handle(0), path, arena) }
        return true
    }

    /// Updates the least entry in the ancestors for which it is the least.
    private func lower(_ handle: Handle, _ path: Path, _ arena: borrowing Arena) {
        var path = path
        while let (node, index) = path.removeLast() {
            InnerNode(arena.cell(node)).setLeast(index, handle, arena)
            if index > 0 { return }
        }
    }

    // MARK: Closing gaps

    private mutating func remove(
        at index: Int,
        of node: Handle,
        _ path: Path,
        _ arena: inout Arena
    ) {
        let leaf = LeafNode(arena.cell(node))
        leaf.remove(at: index)
        counted(-1)
        for depth in 0..<path.count {
            let (parent, child) = path[depth]
            let inner = InnerNode(arena.cell(parent))
            inner.setCount(child, inner.count(child) &- 1)
        }
        if leaf.count == 0 {
            unlink(node, leaf, arena)
            arena.free(node)
            return abandon(path, &arena)
        }
        if index == 0 { lower(leaf.handle(0), path, arena) }
        guard path.count > 0 else { return }
        mergeLeaves(path, &arena)
    }

    private mutating func unlink(_ node: Handle, _ leaf: LeafNode, _ arena: borrowing Arena) {
        if leaf.previous.isNone {
            first = leaf.next
        } else {
            LeafNode(arena.cell(leaf.previous)).next = leaf.next
        }
        if leaf.next.isNone {
            last = leaf.previous
        } else {
            LeafNode(arena.cell(leaf.next)).previous = leaf.previous
        }
    }

    /// Merges the leaf at `path` with a sibling if both are small.
    ///
    /// The counts in the parent decide, so that no sibling is touched in vain.
    private mutating func mergeLeaves(_ path: Path, _ arena: inout Arena) {
        var path = path
        guard let (parent, index) = path.removeLast() else { return }
        let inner = InnerNode(arena.cell(parent))
        let own = inner.count(index)
        let left: Int
        if index + 1 < inner.count, own + inner.count(index + 1) <= OrderedTree.leafMergeMax {
            left = index
        } else if index > 0, own + inner.count(index - 1) <= OrderedTree.leafMergeMax {
            left = index - 1
        } else {
            return
        }
        let target = LeafNode(arena.cell(inner.child(left)))
        let node = inner.child(left + 1)
        let source = LeafNode(arena.cell(node))
        target.append(0..<source.count, of: source)
        target.fit(arena)
        inner.setCount(left, target.count)
        unlink(node, source, arena)
        arena.free(node)
        path.append(parent, left + 1)
        abandon(path, &arena)
    }

    /// Removes the child at `path`, already freed, from the nodes above.
    private mutating func abandon(_ path: Path, _ arena: inout Arena) {
        var path = path
        while let (node, index) = path.removeLast() {
            let inner = InnerNode(arena.cell(node))
            inner.remove(at: index)
            guard inner.count == 0 else {
                if index == 0 { lower(inner.member(0), path, arena) }
                mergeInners(node, path, &arena)
                return shrinkRoot(&arena)
            }
            arena.free(node)
        }
        self = OrderedTree()
    }

    /// Merges the inner node `node`, at `path`, with a sibling if both are small.
    private mutating func mergeInners(_ node: Handle, _ path: Path, _ arena: inout Arena) {
        let size = InnerNode(arena.cell(node)).count
        guard size <= OrderedTree.innerMergeMax, path.count > 0 else { return }
        let (parent, index) = path[path.count - 1]
        let inner = InnerNode(arena.cell(parent))
        let left: Int
        if index + 1 < inner.count, fitsTogether(inner, index, arena) {
            left = index
        } else if index > 0, fitsTogether(inner, index - 1, arena) {
            left = index - 1
        } else {
            return
        }
        let source = InnerNode(arena.cell(inner.child(left + 1)))
        InnerNode(arena.cell(inner.child(left))).append(0..<source.count, of: source)
        inner.setCount(left, inner.count(left) + inner.count(left + 1))
        arena.free(inner.child(left + 1))
        inner.remove(at: left + 1)
        var rest = path
        if rest.removeLast() != nil { mergeInners(parent, rest, &arena) }
    }

    private func fitsTogether(_ inner: InnerNode, _ left: Int, _ arena: borrowing Arena) -> Bool {
        let children = InnerNode(arena.cell(inner.child(left))).count
        let more = InnerNode(arena.cell(inner.child(left + 1))).count
        return children + more <= OrderedTree.innerMergeMax
    }

    /// Removes roots that have only one child.
    private mutating func shrinkRoot(_ arena: inout Arena) {
        while height > 1 {
            let inner = InnerNode(arena.cell(root))
            guard inner.count == 1 else { return }
            let child = inner.child(0)
            arena.free(root)
            root = child
            height -= 1
        }
    }
}

extension LeafNode {
    /// Whether an entry with the score of `target` can stay at `index`, judging by this leaf alone.
    func keepsPlace(_ index: Int, _ target: OrderedBound, _ arena: borrowing Arena) -> Bool {
        let own = digest(of: target.digestible)
        if index > 0 {
            let before = digest(index - 1)
            guard before < own || before == own && target.isAfter(entry(index - 1, arena)) else {
                return false
            }
        } else if !previous.isNone {
            // A smaller score might belong in the previous leaf.
            guard entry(0, arena).score <= target.score else { return false }
        }
        if index + 1 < count {
            let after = digest(index + 1)
            return own < after || own == after && !target.isAfter(entry(index + 1, arena))
        }
        return next.isNone || entry(index, arena).score >= target.score
    }

    /// Opens a gap of `moved` handles at the front; the caller fits the digests afterwards.
    func makeFront(_ moved: Int) {
        let count = count
        assert(count + moved <= LeafNode.capacity)
        cell.move(
            from: LeafNode.handlesOffset,
            to: LeafNode.handlesOffset + moved * 4,
            count: count * 4
        )
        self.count = count + moved
    }
}
