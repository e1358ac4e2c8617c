internal import Primitives
public import Structures

/// Changes to lists. The key stays, even without elements; see `removeIfEmpty`.
extension ListValue {
    // MARK: Adding

    /// Prepares for adding `elements` elements of `bytes` bytes of text in total.
    ///
    /// A node that they would make too large becomes a large list.
    public func grow(by elements: Int, bytes: Int, _ limits: EncodingLimits) {
        guard encoding == .node else { return }
        let limit = limits.listNode
        let node = node
        let size = ListpackSize.head + node.measure + bytes
        guard !limit.allows(count: node.count + elements, byteCount: size) else { return }
        shard.willEdit(slot)
        makeLarge(depth: limits.listCompressDepth)
    }

    /// Inserts `item` before the first element, or after the last.
    ///
    /// Precondition: `grow` was called.
    public func push(_ item: PackItem, atFront: Bool, _ limits: EncodingLimits) {
        shard.willEdit(slot)
        switch encoding {
        case .node:
            insertIntoNode(item, at: atFront ? 0 : node.count)
        case .large:
            var list = large
            list.push(item, atFront: atFront, limits.listNode, &shard.arena)
            list.save(root, shard.arena)
        }
    }

    /// Inserts `item` before element `index`.
    ///
    /// Precondition: `grow` was called.
    public func insert(_ item: PackItem, at index: Int, _ limits: EncodingLimits) {
        shard.willEdit(slot)
        switch encoding {
        case .node:
            insertIntoNode(item, at: index)
        case .large:
            var list = large
            list.insert(item, at: index, limits.listNode, &shard.arena)
            list.save(root, shard.arena)
        }
    }

    private func insertIntoNode(_ item: PackItem, at index: Int) {
        let target = ListNode.insert(item, at: index, root, &shard.arena)
        slot.entry.collection = target
        node.measure += ListpackSize.byteCount(item)
    }

    /// Replaces element `index` by `item`.
    ///
    /// Precondition: `grow` was called.
    public func replace(_ index: Int, with item: PackItem, _ limits: EncodingLimits) {
        shard.willEdit(slot)
        switch encoding {
        case .node:
            node.measure -= ListpackSize.byteCount(node.element(index))
            if node.replace(index, with: item) {
                node.measure += ListpackSize.byteCount(item)
            } else {
                insertIntoNode(item, at: index)
                node.remove(index + 1..<index + 2)
            }
        case .large:
            var list = large
            list.replace(index, with: item, limits.listNode, &shard.arena)
            list.save(root, shard.arena)
        }
        shrink(limits)
    }

    // MARK: Removing

    /// Removes the first, or the last, `removed` elements.
    ///
    /// Complexity: O(log n + elements of the node at the cut); what is cut off is freed later.
    public func remove(_ removed: Int, atFront: Bool, _ limits: EncodingLimits) {
        guard removed > 0 else { return }
        shard.willEdit(slot)
        switch encoding {
        case .node:
            let node = node
            if removed == 1 {
                let item = node.element(atFront ? 0 : node.count - 1)
                node.measure -= ListpackSize.byteCount(item)
            }
            node.remove(atFront ? 0..<removed : node.count - removed..<node.count)
            if removed > 1 { node.measure = ListpackSize.byteCount(node) }
        case .large:
            var list = large
            guard removed < list.count else { return removeAll() }
            let chain =
                atFront
                ? list.removeFirst(removed, &shard.arena) : list.removeLast(removed, &shard.arena)
            list.save(root, shard.arena)
            if !chain.isNone { shard.retire(.list, ListValue.chain, chain) }
        }
        shrink(limits)
    }

    /// Removes up to `limit` elements equal to `item`, from the back if `reversed`.
    ///
    /// Returns how many were removed.
    public func removeMatches(
        _ item: PackItem,
        limit: Int,
        reversed: Bool,
        _ limits: EncodingLimits
    ) -> Int {
        guard firstMatch(item) != nil else { return 0 }
        shard.willEdit(slot)
        var removed = 0
        switch encoding {
        case .node:
            removed = node.removeMatches(item, limit: limit, reversed: reversed)
            node.measure -= removed * ListpackSize.byteCount(item)
        case .large:
            var list = large
            removed = list.removeMatches(item, limit: limit, reversed: reversed, &shard.arena)
            list.save(root, shard.arena)
        }
        shrink(limits)
        return removed
    }

    /// Removes all elements of a large list.
    private func removeAll() {
        shard.retire(.list, Encoding.large.rawValue, root)
        setNode(ListNode.create(room: 12, &shard.arena))
    }

    // MARK: Encodings

    /// The maximum number of nodes to join into one; a low number keeps the check for it cheap.
    private static let nodesJoined = 4

    private func makeLarge(depth: Int) {
        let handle = shard.arena.allocate(UnrolledList.byteCount)
        let list =
            node.count == 0
            ? UnrolledList(depth: depth)
            : UnrolledList(takingOver: root, depth: depth, shard.arena)
        if node.count == 0 { shard.arena.free(root) }
        list.save(handle, shard.arena)
        slot.entry.encoding = Encoding.large.rawValue
        slot.entry.collection = handle
    }

    private func setNode(_ handle: Handle) {
        slot.entry.encoding = Encoding.node.rawValue
        slot.entry.collection = handle
    }

    /// Frees memory after a removal; a large list of half the limit becomes a node.
    private func shrink(_ limits: EncodingLimits) {
        guard encoding == .large else {
            slot.entry.collection = ListNode.fit(root, &shard.arena)
            return
        }
        var list = large
        guard list.count > 0 else {
            shard.arena.free(root)
            return setNode(ListNode.create(room: 12, &shard.arena))
        }
        // A listpack needs about two bytes more per element.
        let limit = limits.listNode.halved
        guard limit.allows(count: list.count, byteCount: list.count * 2),
            let bytes = list.bytes(inAtMost: ListValue.nodesJoined, shard.arena),
            limit.allows(
                count: list.count,
                byteCount: ListpackSize.head + bytes + list.count * 2
            )
        else { return }
        let target = list.takeAsNode(&shard.arena)
        shard.arena.free(root)
        setNode(target)
        node.measure = ListpackSize.byteCount(node)
    }
}

/// The size that elements would have in Redis' listpack, which determines its encodings.
enum ListpackSize {
    /// The header and the terminator.
    static let head = 7

    /// The size of one element: its head, its bytes, and its length for reading backwards.
    static func byteCount(_ item: PackItem) -> Int {
        let length: Int
        switch item {
        case .integer(let number):
            length =
                switch number {
                case 0...127: 1
                case -4096...4095: 2
                case -32_768...32_767: 3
                case -8_388_608...8_388_607: 4
                case -2_147_483_648...2_147_483_647: 5
                default: 9
                }
        case .bytes(let bytes):
            length = bytes.count + (bytes.count < 64 ? 1 : bytes.count < 4096 ? 2 : 5)
        }
        return length + backwards(length)
    }

    private static func backwards(_ length: Int) -> Int {
        if length <= 127 { return 1 }
        return length < 16_383 ? 2 : length < 2_097_151 ? 3 : length < 268_435_455 ? 4 : 5
    }

    /// The size of all elements of a node.
    static func byteCount(_ node: ListNode) -> Int {
        var total = 0
        node.walk(from: 0, limit: .max, reversed: false) {
            total += byteCount($0)
            return true
        }
        return total
    }
}
