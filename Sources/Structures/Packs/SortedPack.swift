public import Primitives

/// A small sorted set: its members and their scores, in order, in one block.
///
/// ```text
/// 0       4       6
/// ┌───────┬───────┬──────────────────────────┬───────────────────┬─────
/// │ used  │ count │ length:5  │ score        │ member            │ next
/// │ bytes │       │ width:3   │ 1…8 bytes    │                   │ …
/// └───────┴───────┴──────────────────────────┴───────────────────┴─────
/// length   up to 29; 30 = one byte of length follows, 31 = four bytes
/// width    0…6: the score is an integer of 1…7 bytes, two's complement; 7: a double
/// ```
/// Zero loses its sign, as in Redis. A member of 10 bytes with a score below a million takes 14
/// bytes (17 in a listpack).
///
/// The pack is a view; its owner holds the block. Every operation is O(bytes).
///
/// ## Invariants
/// Members are distinct and sorted by score, then bytewise. `used` includes the header.
public struct SortedPack: Sendable {
    /// The maximum number of members; beyond it, another structure is needed.
    public static let countMax = Int(UInt16.max)
    static let headerCount = 6
    static let byteLength: UInt8 = 30
    static let longLength: UInt8 = 31
    static let doubleWidth: UInt8 = 7

    let cell: Cell

    /// Views the pack in `cell`.
    public init(_ cell: Cell) { self.cell = cell }

    /// A member and where it is stored.
    public struct Item {
        /// The offset of the item.
        let offset: Int
        /// The score.
        public let score: Double
        /// The member, borrowed from the pack.
        public let member: Bytes
        /// The offset of the next item.
        let end: Int
    }

    /// The number of members.
    public var count: Int { Int(cell.load(4, as: UInt16.self)) }

    /// The size in use, in bytes.
    public var byteCount: Int { Int(cell.load(0, as: UInt32.self)) }

    private func setSize(_ byteCount: Int, _ count: Int) {
        cell.store(UInt32(byteCount), 0)
        cell.store(UInt16(count), 4)
    }

    // MARK: Reading

    /// The length of the member at `offset`, and the offset of its score.
    @inline(__always)
    private func length(_ offset: Int) -> (length: Int, scoreOffset: Int) {
        let length = cell.byte(offset) >> 3
        if _fastPath(length < SortedPack.byteLength) { return (Int(length), offset &+ 1) }
        if length == SortedPack.byteLength { return (Int(cell.byte(offset &+ 1)), offset &+ 2) }
        return (Int(cell.load(offset &+ 1, as: UInt32.self)), offset &+ 5)
    }

    private func item(_ offset: Int) -> Item {
        let width = cell.byte(offset) & 7
        let (length, place) = length(offset)
        let end = place &+ Int(width) &+ 1
        return Item(
            offset: offset,
            score: score(width, endingAt: end),
            member: cell.bytes(end, length),
            end: end &+ length
        )
    }

    /// Reads the score that ends at `end`.
    ///
    /// Loads the eight bytes that end there and keeps the top ones. They lie in the block, as its
    /// head is longer than that.
    private func score(_ width: UInt8, endingAt end: Int) -> Double {
        guard width != SortedPack.doubleWidth else { return cell.load(end &- 8) }
        return Double(cell.load(end &- 8, as: Int64.self) >> Int64(56 &- Int(width) &* 8))
    }

    /// The member `name` and its rank, or nil.
    public func find(_ name: Bytes) -> (item: Item, rank: Int)? {
        let end = byteCount
        var offset = SortedPack.headerCount
        var rank = 0
        while offset < end {
            let (length, scoreOffset) = length(offset)
            let place = scoreOffset &+ Int(cell.byte(offset) & 7) &+ 1
            if length == name.count, cell.bytes(place, length) == name {
                return (item(offset), rank)
            }
            offset = place &+ length
            rank &+= 1
        }
        return nil
    }

    /// The number of members that sort before `bound`, and the offset of the next one.
    func position(_ bound: OrderedBound) -> (rank: Int, offset: Int) {
        let end = byteCount
        var offset = SortedPack.headerCount
        var rank = 0
        while offset < end {
            let item = item(offset)
            guard bound.isAfter(item.score, item.member) else { break }
            offset = item.end
            rank &+= 1
        }
        return (rank, offset)
    }

    /// The number of members that sort before `bound`.
    public func rank(_ bound: OrderedBound) -> Int { position(bound).rank }

    /// The member at `rank`, or nil.
    public func select(_ rank: Int) -> Item? {
        guard rank >= 0, rank < count else { return nil }
        return item(offset(rank))
    }

    private func offset(_ rank: Int) -> Int {
        var offset = SortedPack.headerCount
        for _ in 0..<rank { offset = item(offset).end }
        return offset
    }

    /// Calls `body` with up to `limit` members from `rank` on, descending if `reversed`.
    ///
    /// Stops when `body` returns false. `body` must not change the pack.
    public func walk(
        from rank: Int,
        limit: Int,
        reversed: Bool,
        _ body: (Bytes, Double) -> Bool
    ) {
        guard rank >= 0, rank < count, limit > 0 else { return }
        if reversed { return walkDown(from: rank, limit: limit, body) }
        var offset = offset(rank)
        for _ in 0..<min(limit, count - rank) {
            let item = item(offset)
            guard body(item.member, item.score) else { return }
            offset = item.end
        }
    }

    /// Records the offsets of 128 items at a time, as items can only be read forwards.
    private func walkDown(from rank: Int, limit: Int, _ body: (Bytes, Double) -> Bool) {
        var places = InlineArray<128, UInt32>(repeating: 0)
        var upper = rank + 1
        let least = max(upper - limit, 0)
        while upper > least {
            let lower = max(upper - 128, least)
            var offset = offset(lower)
            for index in 0..<upper - lower {
                places[index] = UInt32(offset)
                offset = item(offset).end
            }
            for index in stride(from: upper - lower - 1, through: 0, by: -1) {
                let item = item(Int(places[index]))
                guard body(item.member, item.score) else { return }
            }
            upper = lower
        }
    }

    // MARK: Changing

    /// Creates an empty pack with room for a member of `length` bytes.
    public static func create(_ length: Int, _ arena: inout Arena) -> Handle {
        let handle = arena.allocate(headerCount + itemByteCount(length, doubleWidth))
        SortedPack(arena.cell(handle)).setSize(headerCount, 0)
        return handle
    }

    private static func itemByteCount(_ length: Int, _ width: UInt8) -> Int {
        1 + lengthByteCount(length) + Int(width) + 1 + length
    }

    /// The additional bytes of a length that does not fit in the first byte.
    private static func lengthByteCount(_ length: Int) -> Int {
        length < Int(byteLength) ? 0 : length <= Int(UInt8.max) ? 1 : 4
    }

    /// The encoded width of `score`: one less than its bytes as an integer, or `doubleWidth`.
    private static func width(_ score: Double) -> UInt8 {
        guard let whole = Int64(exactly: score) else { return doubleWidth }
        return UInt8(PackItem.width(whole) - 1)
    }

    /// Adds a member that the pack does not hold; returns the block, which may be new.
    public static func insert(
        _ member: Bytes,
        _ score: Double,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        var pack = SortedPack(arena.cell(handle))
        precondition(pack.count < countMax, "a pack is small")
        let offset = pack.position(OrderedBound(score: score, member: member)).offset
        let width = width(score)
        let added = itemByteCount(member.count, width)
        let (used, count) = (pack.byteCount, pack.count)
        let target = arena.reallocate(handle, used + added, keeping: used)
        pack = SortedPack(arena.cell(target))
        pack.cell.move(from: offset, to: offset + added, count: used - offset)
        pack.write(member, score, width, at: offset)
        pack.setSize(used + added, count + 1)
        return target
    }

    private func write(_ member: Bytes, _ score: Double, _ width: UInt8, at offset: Int) {
        let length: UInt8
        switch SortedPack.lengthByteCount(member.count) {
        case 0: length = UInt8(member.count)
        case 1:
            length = SortedPack.byteLength
            cell.store(UInt8(member.count), offset + 1)
        default:
            length = SortedPack.longLength
            cell.store(UInt32(member.count), offset + 1)
        }
        cell.store(length << 3 | width, offset)
        let place = offset + 1 + SortedPack.lengthByteCount(member.count)
        write(score, width, at: place)
        cell.put(member, place + Int(width) + 1)
    }

    private func write(_ score: Double, _ width: UInt8, at place: Int) {
        guard width != SortedPack.doubleWidth else { return cell.store(score, place) }
        let whole = Int64(score)
        for index in 0...Int(width) {
            cell.store(UInt8(truncatingIfNeeded: whole >> Int64(index * 8)), place + index)
        }
    }

    /// Changes the score of the member `item`; returns the block, which may be new.
    public static func update(
        _ item: Item,
        score: Double,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let pack = SortedPack(arena.cell(handle))
        let width = width(score)
        let place = pack.position(OrderedBound(score: score, member: item.member)).offset
        let keepsPlace = place == item.offset || place == item.end
        if keepsPlace, width == pack.cell.byte(item.offset) & 7 {
            pack.write(score, width, at: item.end - item.member.count - Int(width) - 1)
            return handle
        }
        // Copy the member: it lies in the block that is about to change.
        var copy = ByteBuffer(capacity: max(item.member.count, 1))
        copy.append(item.member)
        pack.cut(from: item.offset, to: item.end, count: 1)
        return insert(copy.bytes, score, handle, &arena)
    }

    /// Removes the members with the given ranks; returns the block, which may be new.
    public static func remove(
        _ ranks: Range<Int>,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        let pack = SortedPack(arena.cell(handle))
        precondition(ranks.upperBound <= pack.count, "no such members")
        let start = pack.offset(ranks.lowerBound)
        var end = start
        for _ in ranks { end = pack.item(end).end }
        pack.cut(from: start, to: end, count: ranks.count)
        return arena.reallocate(handle, pack.byteCount, keeping: pack.byteCount)
    }

    private func cut(from start: Int, to end: Int, count removed: Int) {
        let (used, count) = (byteCount, count)
        cell.move(from: end, to: start, count: used - end)
        setSize(used - (end - start), count - removed)
    }

    // MARK: Invariants

    /// Whether the members exactly fill the bytes in use, in strictly ascending order.
    public var isValid: Bool {
        var offset = SortedPack.headerCount
        var before: Item?
        for _ in 0..<count {
            guard offset < byteCount else { return false }
            let item = item(offset)
            if let before {
                let bound = OrderedBound(score: item.score, member: item.member)
                guard bound.isAfter(before.score, before.member) else { return false }
            }
            before = item
            offset = item.end
        }
        return offset == byteCount
    }
}
