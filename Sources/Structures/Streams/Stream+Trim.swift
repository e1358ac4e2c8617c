/// How far to trim a stream from its front.
public struct StreamTrim: Sendable {
    /// Which entries to remove.
    public enum Bound: Sendable {
        /// All but the last `count` entries.
        case count(Int)
        /// Entries before an id.
        case id(StreamID)
    }

    /// Which entries to remove.
    public var bound: Bound
    /// Whether to remove only whole packs.
    public var isApproximate = false
    /// The maximum number of entries to remove; 0 = no limit.
    public var limit = 0
    /// What to do with pending entries.
    public var references = StreamReferences.keep

    /// Creates an exact trim.
    public init(_ bound: Bound) { self.bound = bound }
}

extension Stream {
    /// Removes entries at the front.
    ///
    /// Returns the number removed, and, if much was cut off, a stream that holds just that, for the
    /// caller to destroy.
    ///
    /// Complexity: O(min(packs cut off, packs kept) + entries of one pack), or O(entries) if
    /// pending entries must be considered.
    public func trim(_ trim: StreamTrim, _ arena: inout Arena) -> (removed: Int, cut: Stream?) {
        let result: (removed: Int, cut: Stream?)
        if trim.references == .keep || groups.count(arena) == 0 {
            result = trimPacks(trim, &arena)
        } else {
            result = (trimEntries(trim, &arena), nil)
        }
        if result.removed > 0 { firstID = edgeID(last: false, arena) }
        return result
    }

    /// Up to this many packs are removed one by one.
    private static let packsRemovedAlone = 8

    private func trimPacks(
        _ trim: StreamTrim,
        _ arena: inout Arena
    ) -> (removed: Int, cut: Stream?) {
        let front = front(trim, arena)
        let cut = removeFront(front, &arena)
        count -= front.entries
        guard !trim.isApproximate, !front.isLimited, let id = front.end,
            let handle = packs.find(id, arena)
        else { return (front.entries, cut) }
        let more = trimFront(of: StreamPack(arena.cell(handle)), trim.bound)
        return (front.entries + more, cut)
    }

    /// The packs to remove as a whole.
    private struct Front {
        var packs = 0
        /// The entries in them that are not deleted.
        var entries = 0
        /// The first id of the first pack to keep; nil if none is kept.
        var end: StreamID?
        /// Whether the limit prevented removing more.
        var isLimited = false
    }

    /// Finds where to cut, counting from both ends at once until either count reaches it.
    private func front(_ trim: StreamTrim, _ arena: borrowing Arena) -> Front {
        let tree = packs
        var front = Front()
        var behind = Front()
        var (first, last) = (tree.first(arena), tree.last(arena))
        while let here = first {
            let pack = StreamPack(arena.cell(tree.handle(here, arena)))
            let goes =
                switch trim.bound {
                case .count(let kept): count - front.entries - pack.count >= kept
                case .id(let id): pack.lastID < id
                }
            let isOver = trim.limit > 0 && front.entries + pack.count > trim.limit
            if !goes || isOver {
                front.end = pack.firstID
                front.isLimited = isOver
                return front
            }
            front.packs += 1
            front.entries += pack.count
            first = tree.next(here, arena)
            // A limit counts from the front only.
            guard trim.limit == 0, let there = last else { continue }
            let other = StreamPack(arena.cell(tree.handle(there, arena)))
            let stays =
                switch trim.bound {
                case .count(let kept): behind.entries < kept
                case .id(let id): other.lastID >= id
                }
            guard stays else {
                return Front(
                    packs: tree.count - behind.packs,
                    entries: count - behind.entries,
                    end: behind.end
                )
            }
            behind.packs += 1
            behind.entries += other.count
            behind.end = other.firstID
            last = tree.previous(there, arena)
        }
        return front
    }

    /// Removes the packs of `front`; many are moved to a stream of their own, which is returned.
    private func removeFront(_ front: Front, _ arena: inout Arena) -> Stream? {
        guard front.packs > Stream.packsRemovedAlone else {
            for _ in 0..<front.packs {
                guard let spot = packs.first(arena) else { break }
                removePack(packs.id(spot, arena), &arena)
            }
            return nil
        }
        var tree = packs
        let cut = Stream.create(&arena)
        cut.packs = tree.cutFront(below: front.end ?? .max, count: front.packs, &arena)
        packs = tree
        if tree.count == 0 { lastPack = .none }
        return cut
    }

    /// Trims entry by entry, even if `isApproximate`, as pending entries refer to entries.
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

    /// Marks entries at the front of a pack as deleted; the pack keeps at least one.
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
