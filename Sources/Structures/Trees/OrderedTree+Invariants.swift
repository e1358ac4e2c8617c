internal import Primitives

/// Checks all invariants of the tree; for tests.
extension OrderedTree {
    /// Whether all invariants hold.
    ///
    /// Complexity: O(n).
    public func isValid(_ arena: borrowing Arena) -> Bool {
        guard height > 0 else { return root.isNone && count == 0 }
        guard let total = validCount(root, levels: height, arena), total == count else {
            return false
        }
        return hasValidList(arena)
    }

    /// The number of entries below `node`, or nil if an invariant is broken there.
    private func validCount(
        _ node: Handle,
        levels: UInt32,
        _ arena: borrowing Arena
    ) -> Int? {
        if levels == 1 {
            let leaf = LeafNode(arena.cell(node))
            return leaf.isValid(arena) ? leaf.count : nil
        }
        let inner = InnerNode(arena.cell(node))
        guard inner.count > 0, inner.count <= InnerNode.capacity else { return nil }
        var total = 0
        for index in 0..<inner.count {
            let child = inner.child(index)
            guard let entries = validCount(child, levels: levels - 1, arena),
                entries == inner.count(index)
            else { return nil }
            let least =
                levels == 2
                ? LeafNode(arena.cell(child)).handle(0) : InnerNode(arena.cell(child)).member(0)
            guard inner.member(index) == least,
                inner.score(index) == Entry(arena.cell(least)).score
            else { return nil }
            total += entries
        }
        return total
    }

    /// Whether the list of leaves holds all entries in strictly ascending order, linked both ways.
    private func hasValidList(_ arena: borrowing Arena) -> Bool {
        var node = first
        var before = Handle.none
        var greatest = Handle.none
        var total = 0
        while !node.isNone {
            let leaf = LeafNode(arena.cell(node))
            guard leaf.previous == before else { return false }
            for index in 0..<leaf.count {
                if !greatest.isNone {
                    let bound = OrderedBound(member: leaf.handle(index), arena)
                    guard bound.isAfter(Entry(arena.cell(greatest))) else { return false }
                }
                greatest = leaf.handle(index)
            }
            total += leaf.count
            before = node
            node = leaf.next
        }
        return before == last && total == count
    }
}

extension LeafNode {
    /// Whether the leaf is neither empty nor overfull and its digests match its entries.
    func isValid(_ arena: borrowing Arena) -> Bool {
        guard count > 0, count <= LeafNode.capacity else { return false }
        for index in 0..<count {
            let bits = ScoreOrder.bits(entry(index, arena).score)
            guard digest(index) == digest(of: bits) else { return false }
        }
        for index in count..<LeafNode.capacity where digest(index) != LeafNode.digestMax {
            return false
        }
        return true
    }
}
