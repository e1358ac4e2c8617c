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
    /// What becomes of pending entries.
    public var references = StreamReferences.keep

    /// An exact trim.
    public init(_ bound: Bound) { self.bound = bound }
}

extension Stream {
    /// Takes entries out at the front; returns their number. Complexity: O(packs taken out, and
    /// entries of one more); O(entries) where pending entries matter.
    public func trim(_ trim: StreamTrim, _ arena: inout Arena) -> Int {
        let removed = trim.references == .keep || groups.count(arena) == 0
            ? trimPacks(trim, &arena) : trimEntries(trim, &arena)
        if removed > 0 { firstID = edgeID(last: false, arena) }
        return removed
    }

    private func trimPacks(_ trim: StreamTrim, _ arena: inout Arena) -> Int {
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
        return removed
    }

    /// As `trimPacks`, entry by entry; with `isApproximate` too, as pending entries name entries.
    private func trimEntries(_ trim: StreamTrim, _ arena: inout Arena) -> Int {
        var removed = 0
        var from = StreamID.zero
        while trim.limit == 0 || removed < trim.limit {
            if case .count(let kept) = trim.bound, count <= kept { break }
            var next: StreamID?
            walk(from, .max, arena) { item in
                next = item.id
                return false
            }
            guard let id = next else { break }
            if case .id(let bound) = trim.bound, id >= bound { break }
            from = id.next ?? id
            if trim.references == .acknowledged, isReferenced(id, arena) { continue }
            if trim.references == .delete { removeReferences(id, &arena) }
            if removeEntry(id, &arena) { removed += 1 }
            if id == .max { break }
        }
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
