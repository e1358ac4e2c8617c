internal import Primitives

/// The inner nodes of a large list: a B+tree that finds elements by index.
///
/// Each branch counts the elements below each of its children.
///
/// ```text
/// branch, 512 bytes: up to 42 children
/// 0       2       4      8                   344
/// ┌───────┬───────┬──────┬───────────────────┬──────────────────┐
/// │ level │ count │ next │ 42 element counts │ 42 children      │
/// │       │       │      │ 8 bytes each      │ handles          │
/// └───────┴───────┴──────┴───────────────────┴──────────────────┘
/// ```
/// The children of a branch of level 0 are `ListNode`s, those of other branches are branches of the
/// level below. `next` links branches that were cut off and wait to be freed.
///
/// Empty branches are removed. Half-empty ones are not merged, as lists grow and shrink at their
/// ends. The tree is a plain value that does not own its memory.
///
/// ## Invariants
/// All nodes lie below branches of level 0, at the same depth; no branch is empty. A child's count
/// is the number of elements below it.
public struct ListTree: BitwiseCopyable, Sendable {
    var root: Handle = .none
    /// The number of branch levels; 0 for an empty tree.
    var height: UInt32 = 0
    /// The number of elements in the tree.
    var count = 0

    // MARK: Looking up

    /// The path to the node with element `index`, and the element's index within that node.
    ///
    /// Complexity: O(log n).
    func find(_ index: Int, _ arena: borrowing Arena) -> (path: Path, rest: Int) {
        precondition(index >= 0 && index < count, "no such element")
        var path = Path()
        var node = root
        var rest = index
        for _ in 0..<height {
            let branch = ListBranch(arena.cell(node))
            var child = 0
            while rest >= branch.elements(child) {
                rest -= branch.elements(child)
                child += 1
            }
            path.append(node, child)
            node = branch.child(child)
        }
        return (path, rest)
    }

    /// The path to the first node, or to the last.
    ///
    /// Precondition: the tree is not empty.
    func edge(last: Bool, _ arena: borrowing Arena) -> Path {
        var path = Path()
        ListTree.descend(to: root, last: last, &path, arena)
        return path
    }

    private static func descend(
        to top: Handle,
        last: Bool,
        _ path: inout Path,
        _ arena: borrowing Arena
    ) {
        var node = top
        while true {
            let branch = ListBranch(arena.cell(node))
            let child = last ? branch.count - 1 : 0
            path.append(node, child)
            guard branch.level > 0 else { return }
            node = branch.child(child)
        }
    }

    /// The node at the end of `path`.
    func node(_ path: Path, _ arena: borrowing Arena) -> Handle {
        let (branch, index) = path[path.count - 1]
        return ListBranch(arena.cell(branch)).child(index)
    }

    /// Moves `path` to the next or previous node; returns false, and an empty path, at the end.
    func advance(_ path: inout Path, reversed: Bool, _ arena: borrowing Arena) -> Bool {
        while let (handle, index) = path.removeLast() {
            let branch = ListBranch(arena.cell(handle))
            let next = reversed ? index - 1 : index + 1
            guard next >= 0, next < branch.count else { continue }
            path.append(handle, next)
            if branch.level > 0 {
                ListTree.descend(to: branch.child(next), last: reversed, &path, arena)
            }
            return true
        }
        return false
    }

    // MARK: Changing

    /// Inserts `node`, with `elements` elements, before the first node or after the last.
    mutating func insert(
        _ node: Handle,
        _ elements: Int,
        last: Bool,
        _ arena: inout Arena
    ) {
        guard height > 0 else {
            root = ListBranch.create(level: 0, &arena)
            height = 1
            count = elements
            _ = ListBranch(arena.cell(root)).insert(node, elements, at: 0, &arena)
            return
        }
        let path = edge(last: last, arena)
        insert(node, elements, at: path, after: last, &arena)
    }

    /// Inserts `node`, with `elements` elements, before or after the node at the end of `path`.
    ///
    /// Complexity: O(log n).
    mutating func insert(
        _ node: Handle,
        _ elements: Int,
        at path: Path,
        after: Bool,
        _ arena: inout Arena
    ) {
        count += elements
        var path = path
        var pending: (child: Handle, elements: Int)? = (node, elements)
        var below: Int?
        while let (handle, index) = path.removeLast() {
            let branch = ListBranch(arena.cell(handle))
            if let below { branch.setElements(index, below) }
            if let (child, total) = pending {
                let position = below != nil || after ? index + 1 : index
                pending = branch.insert(child, total, at: position, &arena)
            }
            below = branch.total
        }
        guard let (child, total) = pending else { return }
        let top = ListBranch.create(level: Int(height), &arena)
        let branch = ListBranch(arena.cell(top))
        _ = branch.insert(root, below ?? 0, at: 0, &arena)
        _ = branch.insert(child, total, at: 1, &arena)
        root = top
        height += 1
    }

    /// Records that the node at the end of `path` now is `node` and has `difference` more elements.
    func update(
        _ path: Path,
        _ node: Handle,
        difference: Int,
        _ arena: borrowing Arena
    ) {
        for depth in 0..<path.count {
            let (handle, index) = path[depth]
            let branch = ListBranch(arena.cell(handle))
            branch.setElements(index, branch.elements(index) + difference)
            if depth == path.count - 1 { branch.setChild(index, node) }
        }
    }

    /// Removes the node at the end of `path` and hands it over to the caller.
    ///
    /// Complexity: O(log n).
    mutating func remove(_ path: Path, _ arena: inout Arena) -> Handle {
        let node = node(path, arena)
        var path = path
        var below = 0
        while let (handle, index) = path.removeLast() {
            let branch = ListBranch(arena.cell(handle))
            if below == 0 { branch.remove(index) } else { branch.setElements(index, below) }
            below = branch.total
            if branch.count == 0 { arena.free(handle) }
        }
        count = below
        if below == 0 { self = ListTree() } else { lower(&arena) }
        return node
    }

    /// Removes root branches that have a single child.
    private mutating func lower(_ arena: inout Arena) {
        while height > 1, ListBranch(arena.cell(root)).count == 1 {
            let child = ListBranch(arena.cell(root)).child(0)
            arena.free(root)
            root = child
            height -= 1
        }
    }

    // MARK: Cutting and freeing

    /// Cuts off all nodes before, or after, the one at the end of `path`.
    ///
    /// Returns a chain of branches for `freeSome`, or none.
    ///
    /// Complexity: O(log n).
    mutating func cut(before: Bool, _ path: Path, _ arena: inout Arena) -> Handle {
        var path = path
        var chain = Handle.none
        var below: Int?
        while let (handle, index) = path.removeLast() {
            let branch = ListBranch(arena.cell(handle))
            if let below { branch.setElements(index, below) }
            let range = before ? 0..<index : index + 1..<branch.count
            if !range.isEmpty {
                let part = ListBranch.create(level: branch.level, &arena)
                branch.move(range, to: ListBranch(arena.cell(part)))
                ListBranch(arena.cell(part)).next = chain
                chain = part
            }
            below = branch.total
        }
        count = below ?? 0
        lower(&arena)
        return chain
    }

    /// Frees nodes and branches of a chain from its head until `budget` is used up.
    ///
    /// A node costs budget in proportion to its size. Returns true once everything is freed; the
    /// chain is `none` then.
    static func freeSome(
        _ chain: inout Handle,
        _ budget: inout Int,
        _ arena: inout Arena
    ) -> Bool {
        while !chain.isNone, budget > 0 { freeLast(&chain, &budget, &arena) }
        return chain.isNone
    }

    /// Frees nodes of the last level-0 branch under the chain's head, and any emptied branches.
    private static func freeLast(
        _ chain: inout Handle,
        _ budget: inout Int,
        _ arena: inout Arena
    ) {
        var path = Path()
        descend(to: chain, last: true, &path, arena)
        guard let (handle, _) = path.removeLast() else { return }
        let branch = ListBranch(arena.cell(handle))
        while branch.count > 0, budget > 0 {
            branch.count -= 1
            free(branch.child(branch.count), &budget, &arena)
        }
        var empty = branch.count == 0 ? handle : Handle.none
        while !empty.isNone {
            if empty == chain { chain = ListBranch(arena.cell(empty)).next }
            arena.free(empty)
            budget -= 1
            empty = .none
            if let (parent, _) = path.removeLast() {
                let above = ListBranch(arena.cell(parent))
                above.count -= 1
                if above.count == 0 { empty = parent }
            }
        }
    }

    /// Frees a node and charges `budget` for it: whole pages are returned to the system.
    static func free(_ node: Handle, _ budget: inout Int, _ arena: inout Arena) {
        budget -= 1 + arena.capacity(node) >> 10
        arena.free(node)
    }

    // MARK: Invariants

    /// Whether all invariants hold.
    ///
    /// `node` checks one node and returns its element count, or nil if it is invalid.
    func isValid(_ arena: borrowing Arena, _ node: (Handle) -> Int?) -> Bool {
        guard height > 0 else { return root.isNone && count == 0 }
        return total(root, level: Int(height) - 1, arena, node) == count
    }

    private func total(
        _ handle: Handle,
        level: Int,
        _ arena: borrowing Arena,
        _ node: (Handle) -> Int?
    ) -> Int? {
        let branch = ListBranch(arena.cell(handle))
        guard branch.level == level, branch.count > 0, branch.count <= ListBranch.capacity else {
            return nil
        }
        for index in 0..<branch.count {
            let child = branch.child(index)
            let found = level == 0 ? node(child) : total(child, level: level - 1, arena, node)
            guard let found, found > 0, found == branch.elements(index) else { return nil }
        }
        return branch.total
    }
}

/// A branch, laid out as drawn at `ListTree`.
struct ListBranch {
    static let byteCount = 512
    static let capacity = 42
    static let elementsOffset = 8
    static let childrenOffset = elementsOffset + capacity * 8

    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    static func create(level: Int, _ arena: inout Arena) -> Handle {
        let handle = arena.allocate(byteCount)
        let cell = arena.cell(handle)
        cell.store(UInt16(level), 0)
        cell.store(UInt16(0), 2)
        cell.store(UInt32(0), 4)
        return handle
    }

    var level: Int { Int(cell.load(0, as: UInt16.self)) }

    var count: Int {
        get { Int(cell.load(2, as: UInt16.self)) }
        nonmutating set { cell.store(UInt16(newValue), 2) }
    }

    var next: Handle {
        get { Handle(units: cell.load(4)) }
        nonmutating set { cell.store(newValue.units, 4) }
    }

    func elements(_ index: Int) -> Int {
        cell.load(ListBranch.elementsOffset &+ index &* 8)
    }

    func setElements(_ index: Int, _ elements: Int) {
        cell.store(elements, ListBranch.elementsOffset &+ index &* 8)
    }

    func child(_ index: Int) -> Handle {
        Handle(units: cell.load(ListBranch.childrenOffset &+ index &* 4))
    }

    func setChild(_ index: Int, _ child: Handle) {
        cell.store(child.units, ListBranch.childrenOffset &+ index &* 4)
    }

    /// The number of elements below all children.
    var total: Int {
        var total = 0
        for index in 0..<count { total &+= elements(index) }
        return total
    }

    /// Inserts `child` at `index`.
    ///
    /// A full branch moves children to a new branch after it, which is returned: all those after
    /// `index` if that is at an end, otherwise half.
    func insert(
        _ child: Handle,
        _ elements: Int,
        at index: Int,
        _ arena: inout Arena
    ) -> (child: Handle, elements: Int)? {
        guard count == ListBranch.capacity else {
            shift(from: index, by: 1)
            setChild(index, child)
            setElements(index, elements)
            return nil
        }
        let half = ListBranch.capacity / 2
        let kept = index == 0 || index == count ? index : half
        let handle = ListBranch.create(level: level, &arena)
        let right = ListBranch(arena.cell(handle))
        if kept < count { move(kept..<count, to: right) }
        if index < kept || index == 0 {
            _ = insert(child, elements, at: index, &arena)
        } else {
            _ = right.insert(child, elements, at: index - kept, &arena)
        }
        return (handle, right.total)
    }

    func remove(_ index: Int) {
        precondition(index < count, "no such child")
        shift(from: index + 1, by: -1)
    }

    /// Moves the children in `range`, at one end of the branch, to the empty branch `other`.
    func move(_ range: Range<Int>, to other: ListBranch) {
        assert(other.count == 0 && range.upperBound <= count, "to an empty branch")
        for (place, index) in range.enumerated() {
            other.setChild(place, child(index))
            other.setElements(place, elements(index))
        }
        other.count = range.count
        shift(from: range.upperBound, by: -range.count)
    }

    /// Moves the children from `index` on by `distance` positions.
    private func shift(from index: Int, by distance: Int) {
        let moved = count - index
        let (counts, children) = (ListBranch.elementsOffset, ListBranch.childrenOffset)
        cell.move(
            from: counts + index * 8,
            to: counts + (index + distance) * 8,
            count: moved * 8
        )
        cell.move(
            from: children + index * 4,
            to: children + (index + distance) * 4,
            count: moved * 4
        )
        count += distance
    }
}
