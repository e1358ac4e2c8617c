internal import Primitives

/// A large list: nodes with runs of elements, found by index.
///
/// ```text
///  head           tree                         tail
/// ┌────────┐     ┌────────────────────────┐     ┌────────┐
/// │ 0…     │     │ nodes in order, counted │     │  …last │
/// └────────┘     └────────────────────────┘     └────────┘
/// ```
/// The first and the last node are kept outside the tree, so that pushing and popping touch one
/// node and no count but the list's own. A full end node is moved into the tree and an empty one is
/// freed; the next one is taken from the tree when needed.
///
/// An element costs its own bytes, plus two if strings differ in length; see `ListNode`. A full
/// node of 8 KiB and its slot in the tree have an overhead of 45 bytes.
///
/// If `depth` is not zero, nodes with at least `depth` others on either side are compressed where
/// that pays. `settle` restores this whenever the order of nodes changes.
///
/// A plain value of 36 bytes that does not own its memory. Elements passed in must not lie in the
/// list.
///
/// ## Invariants
/// No node is empty. `count` is the sum of the nodes' counts. No node with fewer than `depth`
/// others on either side is compressed, and none at all if `depth` is 0.
public struct UnrolledList: BitwiseCopyable, Sendable {
    /// The size of the block that `save` writes, in bytes.
    public static let byteCount = 36

    var head: Handle = .none
    var tail: Handle = .none
    var tree = ListTree()
    /// The number of elements.
    public internal(set) var count = 0
    /// How many nodes at each end stay plain; 0 disables compression.
    public private(set) var depth: UInt32

    /// Creates a list that takes over `node` with its elements.
    public init(takingOver node: Handle, depth: Int = 0, _ arena: borrowing Arena) {
        self.init(depth: depth)
        count = ListNode(arena.cell(node)).count
        precondition(count > 0, "a node of a list is not empty")
        head = node
    }

    /// Creates an empty list without memory; all but `depth` nodes at each end get compressed.
    public init(depth: Int = 0) { self.depth = UInt32(clamping: depth) }

    /// Loads the list that was saved in the block `handle`.
    public init(_ handle: Handle, _ arena: borrowing Arena) { self = arena.cell(handle).load(0) }

    /// Saves the list to the block `handle`.
    public func save(_ handle: Handle, _ arena: borrowing Arena) {
        arena.cell(handle).store(self, 0)
    }

    // MARK: Locations

    /// Where in the list a node is.
    enum Place {
        case head
        case tree(Path)
        case tail
    }

    /// A position in the list: a node and an element in it.
    ///
    /// Valid until the next change.
    public struct Location {
        var place: Place
        var handle: Handle
        /// The element's index within the node.
        var index: Int
    }

    func nodeCount(_ handle: Handle, _ arena: borrowing Arena) -> Int {
        handle.isNone ? 0 : ListNode(arena.cell(handle)).count
    }

    /// The position of element `index`.
    ///
    /// Complexity: O(log n), at the ends O(1).
    public func locate(_ index: Int, _ arena: borrowing Arena) -> Location {
        precondition(index >= 0 && index < count, "no such element")
        let first = nodeCount(head, arena)
        if index < first { return Location(place: .head, handle: head, index: index) }
        let rest = index - first - tree.count
        if rest >= 0 { return Location(place: .tail, handle: tail, index: rest) }
        let (path, inner) = tree.find(index - first, arena)
        return Location(place: .tree(path), handle: tree.node(path, arena), index: inner)
    }

    /// The node at `location`, which may be compressed.
    public func node(_ location: Location, _ arena: borrowing Arena) -> ListNode {
        ListNode(arena.cell(location.handle))
    }

    /// The size of the block of the node at `location`, in bytes.
    public func blockBytes(_ location: Location, _ arena: borrowing Arena) -> Int {
        arena.capacity(location.handle)
    }

    /// Moves to the next or previous node; returns false at the end of the list.
    public func advance(
        _ location: inout Location,
        reversed: Bool,
        _ arena: borrowing Arena
    ) -> Bool {
        switch location.place {
        case .tree(var path):
            if tree.advance(&path, reversed: reversed, arena) {
                location.place = .tree(path)
                location.handle = tree.node(path, arena)
                return true
            }
        case .head, .tail:
            if case .head = location.place, reversed { return false }
            if case .tail = location.place, !reversed { return false }
            if tree.count > 0 {
                let path = tree.edge(last: reversed, arena)
                location.place = .tree(path)
                location.handle = tree.node(path, arena)
                return true
            }
        }
        location.place = reversed ? .head : .tail
        location.handle = reversed ? head : tail
        return !location.handle.isNone
    }

    // MARK: Reading

    /// Element `index`, borrowed from the list.
    ///
    /// Complexity: O(log n).
    public func element(_ index: Int, _ arena: borrowing Arena) -> PackItem {
        let location = locate(index, arena)
        return node(location, arena).readable.element(location.index)
    }

    /// Calls `body` with each node and the index to start from in it, until it returns false.
    ///
    /// Starts at the node with element `index`.
    func walkNodes(
        from index: Int,
        reversed: Bool,
        _ arena: borrowing Arena,
        _ body: (ListNode, Int) -> Bool
    ) {
        guard index >= 0, index < count else { return }
        var location = locate(index, arena)
        while body(node(location, arena), location.index) {
            guard advance(&location, reversed: reversed, arena) else { return }
            location.index = reversed ? nodeCount(location.handle, arena) - 1 : 0
        }
    }

    /// Calls `body` with up to `limit` elements from `index` on, backwards if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the list.
    ///
    /// Complexity: O(elements).
    public func walk(
        from index: Int,
        limit: Int,
        reversed: Bool,
        _ arena: borrowing Arena,
        _ body: (PackItem) -> Bool
    ) {
        var left = limit
        walkNodes(from: index, reversed: reversed, arena) { node, start in
            guard left > 0 else { return false }
            let isDone = !node.readable.walk(from: start, limit: left, reversed: reversed, body)
            left -= reversed ? start + 1 : node.count - start
            return !isDone && left > 0
        }
    }

    /// Calls `body` with up to `limit` elements from `index` on, in runs as the nodes store them.
    ///
    /// `body` must not change the list.
    ///
    /// Complexity: O(elements).
    public func forEachRun(
        from index: Int,
        limit: Int,
        _ arena: borrowing Arena,
        _ body: (ListNode.Run) -> Void
    ) {
        var left = limit
        walkNodes(from: index, reversed: false, arena) { node, start in
            guard left > 0 else { return false }
            node.readable.forEachRun(from: start, limit: left, body)
            left -= node.count - start
            return left > 0
        }
    }

    /// Calls `body` with the index of every element equal to `item`, until it returns false.
    ///
    /// Looks at the first `limit` elements, or the last ones in descending order if `reversed`.
    ///
    /// Complexity: O(elements), not counting nodes whose form cannot hold `item`.
    public func forEachMatch(
        _ item: PackItem,
        limit: Int,
        reversed: Bool,
        _ arena: borrowing Arena,
        _ body: (Int) -> Bool
    ) {
        var left = min(limit, count)
        var index = reversed ? count - 1 : 0
        let step = reversed ? -1 : 1
        walkNodes(from: index, reversed: reversed, arena) { node, start in
            guard left > 0 else { return false }
            let steps = min(left, node.count)
            left -= steps
            guard node.mayHold(item) else {
                index += step * steps
                return true
            }
            return node.readable.walk(from: start, limit: steps, reversed: reversed) { element in
                defer { index += step }
                return element == item ? body(index) : true
            }
        }
    }

    // MARK: At the ends

    /// Inserts `item` before the first element, or after the last.
    ///
    /// Complexity: amortised O(1).
    public mutating func push(
        _ item: PackItem,
        atFront: Bool,
        _ limit: ListNodeLimit,
        _ arena: inout Arena
    ) {
        count += 1
        let handle = atFront ? head : tail
        if !handle.isNone {
            let node = ListNode(arena.cell(handle))
            let shape = node.shape(adding: item)
            if node.admits(shape, limit) {
                let index = atFront ? 0 : node.count
                let target = ListNode.insert(item, as: shape, at: index, handle, &arena)
                if target != handle { setEnd(atFront, target) }
                return
            }
            let full = node.count
            tree.insert(ListNode.fit(handle, &arena), full, last: !atFront, &arena)
        }
        setEnd(atFront, ListNode.create(item, &arena))
        if depth > 0 { settle(&arena) }
    }

    private mutating func setEnd(_ atFront: Bool, _ handle: Handle) {
        if atFront { head = handle } else { tail = handle }
    }

    /// Removes the first `removed` elements, but not all.
    ///
    /// Returns a chain of what was cut off, for `freeSome`, or none.
    ///
    /// Complexity: O(log n + elements of the node that is cut).
    public mutating func removeFirst(_ removed: Int, _ arena: inout Arena) -> Handle {
        precondition(removed >= 0 && removed < count, "an element stays")
        count -= removed
        let first = nodeCount(head, arena)
        if removed < first {
            ListNode(arena.cell(head)).remove(0..<removed)
            return .none
        }
        defer { if depth > 0 { settle(&arena) } }
        if !head.isNone { arena.free(head) }
        head = .none
        let rest = removed - first
        guard rest > 0 else { return .none }
        guard rest < tree.count else {
            let chain = tree.root
            let last = rest - tree.count
            tree = ListTree()
            ListNode(arena.cell(tail)).remove(0..<last)
            return chain
        }
        let (path, inner) = tree.find(rest, arena)
        let chain = tree.cut(before: true, path, &arena)
        if inner > 0 {
            let edge = tree.edge(last: false, arena)
            head = ListNode.expand(tree.remove(edge, &arena), &arena)
            ListNode(arena.cell(head)).remove(0..<inner)
        }
        return chain
    }

    /// Removes the last `removed` elements, but not all; results and cost as for `removeFirst`.
    public mutating func removeLast(_ removed: Int, _ arena: inout Arena) -> Handle {
        precondition(removed >= 0 && removed < count, "an element stays")
        count -= removed
        let last = nodeCount(tail, arena)
        if removed < last {
            ListNode(arena.cell(tail)).remove(last - removed..<last)
            return .none
        }
        defer { if depth > 0 { settle(&arena) } }
        if !tail.isNone { arena.free(tail) }
        tail = .none
        let rest = removed - last
        guard rest > 0 else { return .none }
        guard rest < tree.count else {
            let chain = tree.root
            let first = nodeCount(head, arena)
            let kept = first - (rest - tree.count)
            tree = ListTree()
            ListNode(arena.cell(head)).remove(kept..<first)
            return chain
        }
        let (path, inner) = tree.find(tree.count - rest - 1, arena)
        let chain = tree.cut(before: false, path, &arena)
        let edge = tree.edge(last: true, arena)
        let size = nodeCount(tree.node(edge, arena), arena)
        if inner + 1 < size {
            tail = ListNode.expand(tree.remove(edge, &arena), &arena)
            ListNode(arena.cell(tail)).remove(inner + 1..<size)
        }
        return chain
    }
}
