internal import Primitives

/// Decides which nodes of a list are compressed.
extension UnrolledList {
    /// Expands the nodes near the ends and compresses the first node past them on each side.
    ///
    /// Complexity: O(`depth`).
    mutating func settle(_ arena: inout Arena) {
        guard depth > 0, count > 0 else { return }
        var nodes = 0
        walkNodes(from: 0, reversed: false, arena) { _, _ in
            nodes += 1
            return nodes <= Int(depth) * 2
        }
        let hasInner = nodes > Int(depth) * 2
        settle(reversed: false, hasInner, &arena)
        settle(reversed: true, hasInner, &arena)
    }

    private mutating func settle(reversed: Bool, _ hasInner: Bool, _ arena: inout Arena) {
        var location = locate(reversed ? count - 1 : 0, arena)
        for position in 0...Int(depth) {
            if position < Int(depth) {
                open(&location, &arena)
            } else if hasInner {
                close(location, &arena)
            }
            guard advance(&location, reversed: reversed, arena) else { return }
        }
    }

    /// Expands the node at `location`; returns whether it was compressed.
    @discardableResult
    mutating func open(_ location: inout Location, _ arena: inout Arena) -> Bool {
        let handle = ListNode.expand(location.handle, &arena)
        guard handle != location.handle else { return false }
        location.handle = handle
        update(location.place, handle, difference: 0, arena)
        return true
    }

    /// Compresses the node at `location` if that pays.
    mutating func close(_ location: Location, _ arena: inout Arena) {
        let handle = ListNode.compress(location.handle, &arena)
        guard handle != location.handle else { return }
        update(location.place, handle, difference: 0, arena)
    }

    /// Whether every node that must be plain is.
    ///
    /// Complexity: O(nodes).
    func isSettled(_ arena: borrowing Arena) -> Bool {
        var compressed: [Bool] = []
        walkNodes(from: 0, reversed: false, arena) { node, _ in
            compressed.append(node.isCompressed)
            return true
        }
        guard depth > 0 else { return !compressed.contains(true) }
        return !compressed.prefix(Int(depth)).contains(true)
            && !compressed.suffix(Int(depth)).contains(true)
    }
}
