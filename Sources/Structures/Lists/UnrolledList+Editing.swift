internal import Primitives

/// Edits within a large list, and operations on all of it.
extension UnrolledList {
    // MARK: One element

    /// Inserts `item` before element `index`.
    ///
    /// Complexity: O(log n + bytes of a node).
    public mutating func insert(
        _ item: PackItem,
        at index: Int,
        _ limit: ListNodeLimit,
        _ arena: inout Arena
    ) {
        if index == 0 || index == count {
            return push(item, atFront: index == 0, limit, &arena)
        }
        while true {
            let location = locate(index, arena)
            if insert(item, at: location, limit, &arena) { return }
            if location.index == 0 {
                // The previous node may have room at its end.
                var before = locate(index - 1, arena)
                before.index += 1
                if insert(item, at: before, limit, &arena) { return }
                return insertNode(of: item, before: location, &arena)
            }
            let isLarge = ListNode.shape(of: item).byteCount > limit.bytesMax / 2
            split(location, at: isLarge ? location.index : nil, &arena)
        }
    }

    /// Inserts `item` into the node at `location` if that stays within `limit`.
    private mutating func insert(
        _ item: PackItem,
        at location: Location,
        _ limit: ListNodeLimit,
        _ arena: inout Arena
    ) -> Bool {
        let node = ListNode(arena.cell(location.handle)).readable
        let shape = node.shape(adding: item)
        guard node.admits(shape, limit) else { return false }
        var location = location
        let wasCompressed = open(&location, &arena)
        location.handle = ListNode.insert(
            item,
            as: shape,
            at: location.index,
            location.handle,
            &arena
        )
        update(location.place, location.handle, difference: 1, arena)
        count += 1
        if wasCompressed { close(location, &arena) }
        return true
    }

    /// Inserts a new node with `item` before the one at `location`, which is not the first.
    private mutating func insertNode(
        of item: PackItem,
        before location: Location,
        _ arena: inout Arena
    ) {
        let node = ListNode.create(item, &arena)
        switch location.place {
        case .head: preconditionFailure("nothing comes before the head")
        case .tree(let path): tree.insert(node, 1, at: path, after: false, &arena)
        case .tail: tree.insert(node, 1, last: true, &arena)
        }
        count += 1
        if depth > 0 { settle(&arena) }
    }

    /// Splits the node at `location`, before its element `index` or in the middle.
    private mutating func split(_ location: Location, at index: Int?, _ arena: inout Arena) {
        let before = nodeCount(location.handle, arena)
        var location = location
        let wasCompressed = open(&location, &arena)
        var (left, right) = ListNode.split(location.handle, at: index, &arena)
        if wasCompressed {
            (left, right) = (ListNode.compress(left, &arena), ListNode.compress(right, &arena))
        }
        let (leftCount, rightCount) = (nodeCount(left, arena), nodeCount(right, arena))
        assert(leftCount + rightCount == before, "elements were lost")
        switch location.place {
        case .head:
            head = left
            tree.insert(right, rightCount, last: false, &arena)
        case .tree(let path):
            tree.update(path, left, difference: -rightCount, arena)
            tree.count -= rightCount
            tree.insert(right, rightCount, at: path, after: true, &arena)
        case .tail:
            tree.insert(left, leftCount, last: true, &arena)
            tail = right
        }
        if depth > 0 { settle(&arena) }
    }

    /// Records that the node at `place` now is `handle` and has `difference` more elements.
    mutating func update(
        _ place: Place,
        _ handle: Handle,
        difference: Int,
        _ arena: borrowing Arena
    ) {
        switch place {
        case .head: head = handle
        case .tail: tail = handle
        case .tree(let path):
            tree.update(path, handle, difference: difference, arena)
            tree.count += difference
        }
    }

    /// Replaces element `index` by `item`.
    ///
    /// Complexity: O(log n + bytes of a node).
    public mutating func replace(
        _ index: Int,
        with item: PackItem,
        _ limit: ListNodeLimit,
        _ arena: inout Arena
    ) {
        var location = locate(index, arena)
        let wasCompressed = open(&location, &arena)
        let isReplaced =
            ListNode(arena.cell(location.handle)).replace(location.index, with: item)
        if wasCompressed { close(location, &arena) }
        guard !isReplaced else { return }
        insert(item, at: index, limit, &arena)
        var old = locate(index + 1, arena)
        let wasOldCompressed = open(&old, &arena)
        ListNode(arena.cell(old.handle)).remove(old.index..<old.index + 1)
        shrunk(old, by: 1, wasCompressed: wasOldCompressed, &arena)
    }

    /// Updates the list after `removed` elements were removed from the node at `location`.
    ///
    /// Frees the node if it is empty, otherwise compresses it again if it was compressed before.
    private mutating func shrunk(
        _ location: Location,
        by removed: Int,
        wasCompressed: Bool,
        _ arena: inout Arena
    ) {
        count -= removed
        guard nodeCount(location.handle, arena) == 0 else {
            var location = location
            location.handle = ListNode.fit(location.handle, &arena)
            update(location.place, location.handle, difference: -removed, arena)
            if wasCompressed { close(location, &arena) }
            return
        }
        switch location.place {
        case .head: head = .none
        case .tail: tail = .none
        case .tree(let path): _ = tree.remove(path, &arena)
        }
        arena.free(location.handle)
        if depth > 0 { settle(&arena) }
    }

    // MARK: All elements

    /// Removes up to `limit` elements equal to `item`, from the back if `reversed`.
    ///
    /// Returns how many were removed. The list may be empty afterwards.
    ///
    /// Complexity: O(n).
    public mutating func removeMatches(
        _ item: PackItem,
        limit: Int,
        reversed: Bool,
        _ arena: inout Arena
    ) -> Int {
        var removed = 0
        var seen = 0  // Elements already passed that stay.
        while removed < limit, seen < count {
            var location = locate(reversed ? count - 1 - seen : seen, arena)
            var node = ListNode(arena.cell(location.handle))
            var wasCompressed = false
            if node.isCompressed {
                guard node.holds(item) else {
                    seen += node.count
                    continue
                }
                wasCompressed = open(&location, &arena)
                node = ListNode(arena.cell(location.handle))
            }
            let found = node.removeMatches(item, limit: limit - removed, reversed: reversed)
            seen += node.count
            removed += found
            if found > 0 { shrunk(location, by: found, wasCompressed: wasCompressed, &arena) }
        }
        return removed
    }

    /// The bytes of all elements, or nil if the list has more than `nodesMax` nodes.
    public func bytes(inAtMost nodesMax: Int, _ arena: borrowing Arena) -> Int? {
        var bytes = 0
        var nodes = 0
        walkNodes(from: 0, reversed: false, arena) { node, _ in
            bytes += node.usedBytes
            nodes += 1
            return nodes <= nodesMax
        }
        return nodes <= nodesMax ? bytes : nil
    }

    /// Merges a small list into one node, which the caller then owns; the list is empty afterwards.
    public mutating func takeAsNode(_ arena: inout Arena) -> Handle {
        let size = bytes(inAtMost: .max, arena) ?? 0
        var target = ListNode.create(room: size, &arena)
        var index = 0
        while index < count {
            let node = node(locate(index, arena), arena)
            node.readable.walk(from: 0, limit: .max, reversed: false) { item in
                target = ListNode.insert(
                    item,
                    at: ListNode(arena.cell(target)).count,
                    target,
                    &arena
                )
                return true
            }
            index += node.count
        }
        var budget = Int.max
        let isDone = freeSome(&budget, &arena)
        precondition(isDone, "the budget is enough")
        self = UnrolledList()
        return target
    }

    /// Appends a copy of `node`, which may lie in another arena.
    public mutating func append(copyOf node: ListNode, _ arena: inout Arena) {
        precondition(tail.isNone, "nothing was pushed yet")
        tree.insert(node.copy(to: &arena), node.count, last: true, &arena)
        count += node.count
    }

    /// The bytes of all blocks, estimated from the first for nodes in the tree.
    public func byteCount(_ arena: borrowing Arena) -> Int {
        var bytes = head.isNone ? 0 : arena.capacity(head)
        if !tail.isNone { bytes += arena.capacity(tail) }
        guard tree.count > 0 else { return bytes }
        var path = tree.edge(last: false, arena)
        var (sampled, elements, nodes) = (0, 0, 0)
        repeat {
            let node = tree.node(path, arena)
            sampled += arena.capacity(node) + ListBranch.byteCount / ListBranch.capacity
            elements += nodeCount(node, arena)
            nodes += 1
        } while nodes < 64 && tree.advance(&path, reversed: false, arena)
        return bytes + Int(Double(sampled) * Double(tree.count) / Double(elements))
    }

    // MARK: Freeing

    /// Frees nodes until `budget` is used up; returns true once all are freed.
    ///
    /// After the first call nothing else may be called.
    public mutating func freeSome(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        if !head.isNone { ListTree.free(head, &budget, &arena) }
        if !tail.isNone { ListTree.free(tail, &budget, &arena) }
        (head, tail) = (.none, .none)
        return UnrolledList.freeSome(&tree.root, &budget, &arena)
    }

    /// Frees part of a chain that was cut off a list; returns true once all of it is freed.
    public static func freeSome(
        _ chain: inout Handle,
        _ budget: inout Int,
        _ arena: inout Arena
    ) -> Bool {
        ListTree.freeSome(&chain, &budget, &arena)
    }

    // MARK: Invariants

    /// Whether all invariants hold.
    ///
    /// Complexity: O(n).
    func isValid(_ arena: borrowing Arena) -> Bool {
        var total = tree.count
        for end in [head, tail] where !end.isNone {
            let node = ListNode(arena.cell(end))
            guard node.count > 0, node.isValid(capacity: arena.capacity(end)) else { return false }
            total += node.count
        }
        guard total == count, isSettled(arena) else { return false }
        return tree.isValid(arena) { handle in
            let node = ListNode(arena.cell(handle))
            return node.isValid(capacity: arena.capacity(handle)) ? node.count : nil
        }
    }
}
