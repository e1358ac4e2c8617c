internal import Primitives

/// A node, laid out as drawn at `IDTree`.
struct IDNode {
    static let headerCount = 16
    static let itemCount = 20
    static let capacity = 63

    let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    /// The size of a node with room for `count` items, in bytes.
    static func byteCount(_ count: Int) -> Int { headerCount + count * itemCount }

    var count: Int {
        get { Int(cell.load(0, as: UInt16.self)) }
        nonmutating set { cell.store(UInt16(truncatingIfNeeded: newValue), 0) }
    }

    var next: Handle {
        get { Handle(units: cell.load(4)) }
        nonmutating set { cell.store(newValue.units, 4) }
    }

    var previous: Handle {
        get { Handle(units: cell.load(8)) }
        nonmutating set { cell.store(newValue.units, 8) }
    }

    @inline(__always)
    private func offset(_ index: Int) -> Int { IDNode.headerCount &+ index &* IDNode.itemCount }

    func id(_ index: Int) -> StreamID { cell.load(offset(index)) }

    func setID(_ index: Int, _ id: StreamID) { cell.store(id, offset(index)) }

    func handle(_ index: Int) -> Handle { Handle(units: cell.load(offset(index) &+ 16)) }

    func setHandle(_ index: Int, _ handle: Handle) { cell.store(handle.units, offset(index) &+ 16) }

    /// Removes all items and links.
    func clear() { cell.zero(0, IDNode.headerCount) }

    /// The number of ids before `id`.
    func position(_ id: StreamID) -> Int {
        var lower = 0
        var upper = count
        if upper > 0, self.id(upper &- 1) < id { return upper }
        while lower < upper {
            let middle = (lower &+ upper) >> 1
            if self.id(middle) < id { lower = middle &+ 1 } else { upper = middle }
        }
        return lower
    }

    /// The index of the child that contains, or would contain, `id`.
    func child(_ id: StreamID) -> Int {
        let index = position(id)
        if index < count, self.id(index) == id { return index }
        return max(index &- 1, 0)
    }

    /// Inserts an item at `index`.
    func insert(_ id: StreamID, _ handle: Handle, at index: Int) {
        let count = count
        assert(count < IDNode.capacity && index <= count, "a full node is split first")
        let start = offset(index)
        cell.move(
            from: start,
            to: start &+ IDNode.itemCount,
            count: (count &- index) &* IDNode.itemCount
        )
        setID(index, id)
        setHandle(index, handle)
        self.count = count &+ 1
    }

    /// Removes the item at `index`.
    func remove(at index: Int) {
        let count = count
        assert(index < count, "no such item")
        let start = offset(index)
        cell.move(
            from: start &+ IDNode.itemCount,
            to: start,
            count: (count &- index &- 1) &* IDNode.itemCount
        )
        self.count = count &- 1
    }

    /// Appends the items of `source` from `start` on.
    func append(_ source: IDNode, from start: Int) { append(source, start..<source.count) }

    /// Appends a range of items of `source`.
    func append(_ source: IDNode, _ range: Range<Int>) {
        assert(count + range.count <= IDNode.capacity, "the node is too full")
        let bytes = source.cell.bytes(offset(range.lowerBound), range.count * IDNode.itemCount)
        cell.put(bytes, offset(count))
        count += range.count
    }

    /// Removes the first `removed` items.
    func removeFirst(_ removed: Int) {
        let kept = count - removed
        assert(kept >= 0, "more items than the node has")
        cell.move(from: offset(removed), to: offset(0), count: kept * IDNode.itemCount)
        count = kept
    }
}

extension IDTree {
    /// The approximate size of all nodes in bytes, assuming leaves to be nine tenths full.
    public var nodeByteCount: Int {
        height <= 1 ? IDNode.byteCount(count) : count * IDNode.itemCount * 10 / 9
    }

    /// Whether all invariants hold; for tests.
    public func isValid(_ arena: borrowing Arena) -> Bool {
        guard height > 0 else { return root.isNone && size == 0 }
        var found = 0
        var before: StreamID?
        var lastLeaf = Handle.none
        func check(_ node: Handle, _ level: UInt32, _ arena: borrowing Arena) -> Bool {
            let view = IDNode(arena.cell(node))
            guard view.count > 0 else { return false }
            for index in 0..<view.count {
                let id = view.id(index)
                if level > 1 {
                    if index > 0, let before, before >= id { return false }
                    guard check(view.handle(index), level - 1, arena) else { return false }
                } else {
                    if let before, before >= id { return false }
                    before = id
                    found += 1
                }
            }
            guard level == 1 else { return true }
            guard view.previous == lastLeaf else { return false }
            if !lastLeaf.isNone, IDNode(arena.cell(lastLeaf)).next != node { return false }
            lastLeaf = node
            return true
        }
        guard check(root, height, arena) else { return false }
        return found == count && IDNode(arena.cell(lastLeaf)).next.isNone
    }
}
