public import Primitives
internal import CSupport

/// The members of a large sorted set in order: a B+tree with counts.
///
/// Leaves refer to the members' entries; inner nodes count the members below each child.
///
/// ```text
/// inner node, 1,024 bytes: up to 48 children, each with the least member below it
/// ┌───────┬──────────────┬──────────────┬──────────────┬───────────────┐
/// │ count │ 48 scores    │ 48 children  │ 48 counts    │ 48 members    │
/// │ 2+62  │ 8 bytes each │ handles      │ 4 bytes each │ handles       │
/// └───────┴──────────────┴──────────────┴──────────────┴───────────────┘
/// leaf, 512 bytes: up to 80 members
/// ┌──────────────────────────────────────┬───────────────┬─────────────┐
/// │ count, shift, next, previous, base   │ 80 digests    │ 80 handles  │
/// │ 32 bytes                             │ 2 bytes each  │ of entries  │
/// └──────────────────────────────────────┴───────────────┴─────────────┘
/// ```
/// Members are ordered by score, then bytewise. Scores are stored in the entries; a leaf keeps only
/// a 16-bit *digest* of each: the position of the score in the window of scores that the leaf
/// spans. A search reads the digests, three cache lines, and looks at entries only if digests are
/// equal. A digest is never wrong, only coarse: it grows with the score, and scores outside the
/// window get the first or the last one.
///
/// A member of 10 bytes costs 24 bytes for its entry, about 9 in the hash table beside the tree and
/// about 8 here: digests instead of whole scores save 6 bytes a member.
///
/// The tree is a plain value that does not own its memory: the holder must free it with
/// `destroySome`.
///
/// ## Invariants
/// All leaves are at depth `height`; none is empty. `first` and `last` are the ends of the list of
/// leaves. A child's score and member are those of the first entry below it, and its count is the
/// number of entries below it. Digests are those of the entries' scores in the leaf's window.
@frozen
public struct OrderedTree: BitwiseCopyable, Sendable {
    var root: Handle = .none
    var first: Handle = .none
    var last: Handle = .none
    private(set) var size: UInt32 = 0
    /// The number of levels, including leaves; 0 for an empty tree.
    var height: UInt32 = 0

    /// Creates an empty tree without memory.
    public init() {}

    /// The number of members.
    public var count: Int { Int(size) }

    /// The position of a member.
    ///
    /// Valid until the next change.
    public struct Spot: Sendable {
        var leaf: Handle
        var index: Int
        /// The number of members before it.
        public var rank: Int
    }

    // MARK: Looking up

    /// The position of the first member that does not sort before `bound`, or nil at the end.
    ///
    /// Complexity: O(log n).
    public func seek(_ bound: OrderedBound, _ arena: borrowing Arena) -> Spot? {
        guard height > 0 else { return nil }
        var node = root
        var rank = 0
        for _ in 1..<height {
            let inner = InnerNode(arena.cell(node))
            let index = inner.child(bound, arena)
            rank += inner.countBefore(index)
            node = inner.child(index)
            LeafNode(arena.cell(node)).prefetch()
        }
        let leaf = LeafNode(arena.cell(node))
        let index = leaf.position(bound, arena)
        return spot(node, index, rank + index, arena)
    }

    /// The rank of an entry in the tree.
    ///
    /// Complexity: O(log n).
    public func rank(of handle: Handle, _ arena: borrowing Arena) -> Int {
        let bound = OrderedBound(member: handle, arena)
        var node = root
        var rank = 0
        for _ in 1..<height {
            let inner = InnerNode(arena.cell(node))
            let index = inner.child(bound, arena)
            rank += inner.countBefore(index)
            node = inner.child(index)
            LeafNode(arena.cell(node)).prefetch()
        }
        return rank + LeafNode(arena.cell(node)).index(of: handle, bound)
    }

    /// The position of the member at `rank`, or nil.
    ///
    /// Complexity: O(log n).
    public func select(_ rank: Int, _ arena: borrowing Arena) -> Spot? {
        guard rank >= 0, rank < count else { return nil }
        var node = root
        var rest = rank
        for _ in 1..<height {
            let inner = InnerNode(arena.cell(node))
            var index = 0
            while rest >= inner.count(index) {
                rest -= inner.count(index)
                index += 1
            }
            node = inner.child(index)
        }
        return Spot(leaf: node, index: rest, rank: rank)
    }

    /// The handle of the entry at `spot`.
    public func handle(at spot: Spot, _ arena: borrowing Arena) -> Handle {
        LeafNode(arena.cell(spot.leaf)).handle(spot.index)
    }

    /// Calls `body` with up to `limit` entries from `spot` on, descending if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the tree.
    ///
    /// Complexity: O(entries).
    public func walk(
        from spot: Spot,
        limit: Int,
        reversed: Bool,
        _ arena: borrowing Arena,
        _ body: (Entry) -> Bool
    ) {
        var leaf = LeafNode(arena.cell(spot.leaf))
        var index = spot.index
        leaf.prefetchEntries(index, reversed: reversed, arena)
        let step = reversed ? -1 : 1
        for _ in 0..<max(limit, 0) {
            if index < 0 || index == leaf.count {
                let next = reversed ? leaf.previous : leaf.next
                guard !next.isNone else { return }
                leaf = LeafNode(arena.cell(next))
                index = reversed ? leaf.count - 1 : 0
                leaf.prefetchEntries(index, reversed: reversed, arena)
            }
            leaf.prefetchEntry(index + step * LeafNode.lookahead, arena)
            guard body(leaf.entry(index, arena)) else { return }
            index += step
        }
    }

    private func spot(
        _ node: Handle,
        _ index: Int,
        _ rank: Int,
        _ arena: borrowing Arena
    ) -> Spot? {
        let leaf = LeafNode(arena.cell(node))
        if index < leaf.count { return Spot(leaf: node, index: index, rank: rank) }
        return leaf.next.isNone ? nil : Spot(leaf: leaf.next, index: 0, rank: rank)
    }

    // MARK: Sizes

    mutating func counted(_ change: Int) {
        size = UInt32(Int(size) + change)
    }

    /// Frees up to `budget` blocks, entries included, and subtracts what it freed from the budget.
    ///
    /// Returns true once everything is freed. After the first call nothing else may be called.
    public mutating func destroySome(_ budget: inout Int, _ arena: inout Arena) -> Bool {
        while height > 0, budget > 0 { closeLastLeaf(&budget, &arena) }
        return height == 0
    }

    /// Frees entries from the end of the last leaf; then the leaf and any emptied inner nodes.
    private mutating func closeLastLeaf(_ budget: inout Int, _ arena: inout Arena) {
        var path = Path()
        var node = root
        for _ in 1..<height {
            let inner = InnerNode(arena.cell(node))
            path.append(node, inner.count - 1)
            node = inner.child(inner.count - 1)
        }
        let leaf = LeafNode(arena.cell(node))
        while leaf.count > 0, budget > 0 {
            leaf.count -= 1
            arena.free(leaf.handle(leaf.count))
            budget -= 1
        }
        guard leaf.count == 0 else { return }
        arena.free(node)
        budget -= 1
        while let (handle, _) = path.removeLast() {
            let inner = InnerNode(arena.cell(handle))
            inner.count -= 1
            if inner.count > 0 { return }
            arena.free(handle)
            budget -= 1
        }
        self = OrderedTree()
    }
}

/// A position in the order of a sorted set: that of a member, or an end of a range.
public struct OrderedBound {
    /// Which members sort before the position.
    enum Rule {
        /// Those with a smaller score, or the same score and a smaller name.
        case member
        /// Those with a smaller score.
        case beforeScore
        /// Those with a smaller or the same score.
        case afterScore
        /// Those with a smaller name, whatever their score.
        case beforeMember
        /// Those with a smaller or the same name.
        case afterMember
    }

    let rule: Rule
    let score: Double
    let digestible: UInt64
    let member: Bytes

    init(_ rule: Rule, score: Double, member: Bytes) {
        self.rule = rule
        self.score = score
        self.member = member
        digestible = ScoreOrder.bits(score)
    }

    /// The position of a member.
    public init(score: Double, member: Bytes) {
        self.init(.member, score: score, member: member)
    }

    /// The position of an entry that is, or will be, in the tree.
    public init(member handle: Handle, _ arena: borrowing Arena) {
        let entry = Entry(arena.cell(handle))
        self.init(.member, score: entry.score, member: entry.key)
    }

    /// The position before, or after, all members with `score`.
    public init(score: Double, after: Bool) {
        self.init(after ? .afterScore : .beforeScore, score: score, member: Bytes())
    }

    /// The position before, or after, `member` in a set whose scores are all equal.
    public init(member: Bytes, after: Bool) {
        self.init(after ? .afterMember : .beforeMember, score: 0, member: member)
    }

    /// Whether the order is that of members alone.
    var ignoresScores: Bool {
        switch rule {
        case .beforeMember, .afterMember: true
        case .member, .beforeScore, .afterScore: false
        }
    }

    /// Whether a member sorts before this position or, for a member's own position, is the member.
    func isAtOrAfter(_ score: Double, _ name: @autoclosure () -> Bytes) -> Bool {
        switch rule {
        case .member: score == self.score ? name().compare(member) <= 0 : score < self.score
        case .beforeScore: score < self.score
        case .afterScore: score <= self.score
        case .beforeMember: name().compare(member) < 0
        case .afterMember: name().compare(member) <= 0
        }
    }

    /// Whether a member sorts before this position.
    func isAfter(_ score: Double, _ name: @autoclosure () -> Bytes) -> Bool {
        switch rule {
        case .member: score == self.score ? name().compare(member) < 0 : score < self.score
        case .beforeScore, .afterScore, .beforeMember, .afterMember: isAtOrAfter(score, name())
        }
    }

    /// As above, for an entry.
    func isAtOrAfter(_ entry: Entry) -> Bool { isAtOrAfter(entry.score, entry.key) }

    /// As above, for an entry.
    func isAfter(_ entry: Entry) -> Bool { isAfter(entry.score, entry.key) }
}

/// Scores as whole numbers in the same order.
enum ScoreOrder {
    /// The bits of `score`, ordered as the scores are; both zeros give the same.
    static func bits(_ score: Double) -> UInt64 {
        let bits = (score + 0.0).bitPattern
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }
}

/// The path from the root to a node: the inner nodes and the child taken in each.
struct Path {
    /// More than a tree of 2³² members has: a node and its neighbour hold 36 children together.
    static let depthMax = 16
    private var nodes = InlineArray<16, Handle>(repeating: .none)
    private var indices = InlineArray<16, UInt16>(repeating: 0)
    private(set) var count = 0

    mutating func append(_ node: Handle, _ index: Int) {
        precondition(count < Path.depthMax, "no tree is this deep")
        nodes[count] = node
        indices[count] = UInt16(index)
        count += 1
    }

    /// Removes and returns the last step.
    mutating func removeLast() -> (node: Handle, index: Int)? {
        guard count > 0 else { return nil }
        count -= 1
        return (nodes[count], Int(indices[count]))
    }

    /// Step `depth`, counted from the root.
    subscript(depth: Int) -> (node: Handle, index: Int) {
        precondition(depth < count, "no such step")
        return (nodes[depth], Int(indices[depth]))
    }
}
