internal import Primitives
public import Structures

/// A list: choice of encoding, reading, changing.
///
/// ```text
/// 0 node    a ListNode, while Redis would keep the list in one listpack
/// 1 large   a block of 36 bytes with an UnrolledList
/// ```
/// When Redis switches between `listpack` and `quicklist` depends on the size of its listpack, so a
/// node tracks that size in its `measure`; see `ListpackSize`. A large list becomes a node again
/// once it has shrunk to half the limit.
///
/// A list that becomes large keeps the list-compress-depth of that moment, as in Redis.
public struct ListValue {
    /// The encoding of a list.
    public enum Encoding: UInt8, Sendable {
        /// A `ListNode`.
        case node = 0
        /// An `UnrolledList`.
        case large = 1
    }

    /// The encoding of a part cut off from a large list that is waiting to be freed.
    static let chain: UInt8 = 2

    /// The slot of the key; valid as long as no key is added or removed.
    public let slot: Shard.Slot

    /// Views the list at `slot`.
    public init(_ slot: Shard.Slot) {
        assert(slot.entry.isKind(.list), "another kind of value")
        self.slot = slot
    }

    var shard: Shard { slot.shard }
    var root: Handle { slot.entry.collection }

    /// The encoding.
    public var encoding: Encoding { slot.entry.encoding == 0 ? .node : .large }

    var node: ListNode { ListNode(shard.arena.cell(root)) }
    var large: UnrolledList { UnrolledList(root, shard.arena) }

    // MARK: Reading

    /// The number of elements.
    public var count: Int {
        switch encoding {
        case .node: node.count
        case .large: large.count
        }
    }

    /// Element `index`, borrowed from the list.
    ///
    /// Complexity: O(log n).
    public func element(_ index: Int) -> PackItem {
        switch encoding {
        case .node: node.element(index)
        case .large: large.element(index, shard.arena)
        }
    }

    /// Calls `body` with up to `limit` elements from `index` on, backwards if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the list.
    public func walk(
        from index: Int,
        limit: Int,
        reversed: Bool = false,
        _ body: (PackItem) -> Bool
    ) {
        switch encoding {
        case .node: node.walk(from: index, limit: limit, reversed: reversed, body)
        case .large: large.walk(from: index, limit: limit, reversed: reversed, shard.arena, body)
        }
    }

    /// Calls `body` with up to `limit` elements from `index` on, in runs as they are stored.
    ///
    /// `body` must not change the list.
    public func forEachRun(from index: Int, limit: Int, _ body: (ListNode.Run) -> Void) {
        switch encoding {
        case .node: node.forEachRun(from: index, limit: limit, body)
        case .large: large.forEachRun(from: index, limit: limit, shard.arena, body)
        }
    }

    /// Calls `body` with the index of every element equal to `item`, until it returns false.
    ///
    /// Looks at the first `limit` elements, or the last ones in descending order if `reversed`.
    public func forEachMatch(
        _ item: PackItem,
        limit: Int = .max,
        reversed: Bool = false,
        _ body: (Int) -> Bool
    ) {
        switch encoding {
        case .node:
            node.forEachMatch(item, limit: limit, reversed: reversed, body)
        case .large:
            large.forEachMatch(item, limit: limit, reversed: reversed, shard.arena, body)
        }
    }

    /// The index of the first element equal to `item`, or nil.
    public func firstMatch(_ item: PackItem) -> Int? {
        var found: Int?
        forEachMatch(item) {
            found = $0
            return false
        }
        return found
    }

    /// How many nodes at each end of a large list stay plain; 0 disables compression.
    public var compressDepth: Int { encoding == .large ? Int(large.depth) : 0 }

    /// Calls `body` with every node of a large list, compressed or not, and the size of its block.
    public func forEachNode(_ body: (_ node: ListNode, _ blockBytes: Int) -> Void) {
        guard encoding == .large else { return }
        let list = large
        var location = list.locate(0, shard.arena)
        repeat {
            body(list.node(location, shard.arena), list.blockBytes(location, shard.arena))
        } while list.advance(&location, reversed: false, shard.arena)
    }

    /// The total size of its blocks in bytes, estimated for large lists.
    var byteCount: Int {
        let own = shard.arena.capacity(root)
        return encoding == .node ? own : own + large.byteCount(shard.arena)
    }

    // MARK: Creating

    /// Adds `key`, which must be absent, without elements; the first will have `bytes` bytes.
    public static func create(_ key: Key, bytes: Int, in shard: Shard) -> ListValue {
        let handle = ListNode.create(room: bytes, &shard.arena)
        let slot = shard.insert(
            key,
            kind: .list,
            encoding: Encoding.node.rawValue,
            expiry: nil,
            payload: 4
        )
        slot.entry.collection = handle
        return ListValue(slot)
    }

    /// Removes the key if it has no elements.
    ///
    /// Returns whether it did.
    @discardableResult
    public func removeIfEmpty() -> Bool {
        guard count == 0 else { return false }
        shard.remove(slot)
        return true
    }

    /// Frees part of a list without a key, or of a part cut off; returns true once all is freed.
    static func free(
        encoding: UInt8,
        _ root: inout Handle,
        _ budget: inout Int,
        _ arena: inout Arena
    ) -> Bool {
        if encoding == chain { return UnrolledList.freeSome(&root, &budget, &arena) }
        if encoding == Encoding.large.rawValue {
            var list = UnrolledList(root, arena)
            guard list.freeSome(&budget, &arena) else {
                list.save(root, arena)
                return false
            }
        }
        arena.free(root)
        budget -= 1
        return true
    }
}
