/// How far to trim a stream from its front.
public struct StreamTrim: Sendable {
    /// What tells which entries go.
    public enum Bound: Sendable {
        /// All but the last so many.
        case count(Int)
        /// Those before an id.
        case id(StreamID)
    }

    /// Which entries go.
    public var bound: Bound
    /// Whether only whole packs go.
    public var isApproximate = false
    /// The most entries to take out; 0 = no limit.
    public var limit = 0

    /// An exact trim.
    public init(_ bound: Bound) { self.bound = bound }
}

extension Stream {
    /// Takes entries out at the front; returns their number. `isKept` says which of them must stay
    /// all the same, `willGo` is told of the others; both may look at the groups and their pending
    /// entries only. Complexity: O(packs taken out, and entries of one more), O(entries) where it
    /// asks.
    public func trim(_ trim: StreamTrim, _ arena: inout Arena) -> Int {
        var removed = 0
        while count > 0, let spot = packs.first(arena) {
            if case .count(let kept) = trim.bound, count <= kept { break }
            let pack = StreamPack(arena.cell(packs.handle(spot, arena)))
            let live = pack.count
            if trim.limit > 0, removed + live > trim.limit { break }
            let isWhole: Bool
            switch trim.bound {
            case .count(let kept): isWhole = count - live >= kept
            case .id(let id): isWhole = pack.lastID < id
            }
            if isWhole {
                count -= live
                removed += live
                removePack(pack.firstID, &arena)
                continue
            }
            if !trim.isApproximate { removed += trimFront(of: pack, trim.bound) }
            break
        }
        if removed > 0 { firstID = edgeID(last: false, arena) }
        return removed
    }

    /// Marks entries at the front of a pack that keeps at least one.
    private func trimFront(of pack: StreamPack, _ bound: StreamTrim.Bound) -> Int {
        var removed = 0
        var cursor = StreamPack.Cursor(pack)
        while let item = cursor.next() {
            switch bound {
            case .count(let kept): if count <= kept { return removed }
            case .id(let id): if item.id >= id { return removed }
            }
            if item.isDeleted { continue }
            item.delete()
            count -= 1
            removed += 1
        }
        return removed
    }
}
