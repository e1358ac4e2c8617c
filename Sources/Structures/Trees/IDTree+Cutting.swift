internal import Primitives

/// Splitting a tree in two.
extension IDTree {
    /// Cuts off all ids below `id`, of which there are `cutCount`; returns them as a new tree.
    ///
    /// Complexity: O(log n).
    mutating func cutFront(
        below id: StreamID,
        count cutCount: Int,
        _ arena: inout Arena
    ) -> IDTree {
        precondition(cutCount <= count, "more ids than the tree has")
        guard cutCount > 0 else { return IDTree() }
        guard cutCount < count else {
            defer { self = IDTree() }
            return self
        }
        let (left, right) = IDTree.split(root, height, id, &arena)
        precondition(!left.isNone && !right.isNone, "both parts have ids")
        var front = self
        front.root = left
        front.size = UInt32(cutCount)
        root = right
        size -= UInt32(cutCount)
        front.settleRoot(&arena)
        settleRoot(&arena)
        return front
    }

    /// Splits a node of `level` (1 = leaves) into the ids below `id` and the others.
    ///
    /// Either part may be empty, and `node` becomes one of them.
    private static func split(
        _ node: Handle,
        _ level: UInt32,
        _ id: StreamID,
        _ arena: inout Arena
    ) -> (left: Handle, right: Handle) {
        let view = IDNode(arena.cell(node))
        guard level > 1 else { return splitLeaf(node, at: view.position(id), &arena) }
        let index = view.child(id)
        let (left, right) = split(view.handle(index), level - 1, id, &arena)
        // The children before `index` go to the left, as does the left part of the child there.
        let moved = index + (left.isNone ? 0 : 1)
        if moved == 0 { return (.none, node) }
        if right.isNone, moved == view.count { return (node, .none) }
        let other = arena.allocate(IDNode.byteCount(IDNode.capacity))
        let front = IDNode(arena.cell(other))
        front.clear()
        front.append(view, 0..<moved)
        if !left.isNone { front.setHandle(index, left) }
        view.removeFirst(right.isNone ? moved : index)
        if !right.isNone { view.setHandle(0, right) }
        return (other, node)
    }

    private static func splitLeaf(
        _ node: Handle,
        at index: Int,
        _ arena: inout Arena
    ) -> (left: Handle, right: Handle) {
        let view = IDNode(arena.cell(node))
        if index == 0 {
            if !view.previous.isNone { IDNode(arena.cell(view.previous)).next = .none }
            view.previous = .none
            return (.none, node)
        }
        if index == view.count {
            if !view.next.isNone { IDNode(arena.cell(view.next)).previous = .none }
            view.next = .none
            return (node, .none)
        }
        let other = arena.allocate(IDNode.byteCount(IDNode.capacity))
        let front = IDNode(arena.cell(other))
        front.clear()
        front.append(view, 0..<index)
        front.previous = view.previous
        if !view.previous.isNone { IDNode(arena.cell(view.previous)).next = other }
        view.removeFirst(index)
        view.previous = .none
        return (other, node)
    }
}
