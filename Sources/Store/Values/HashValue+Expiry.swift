public import Primitives
internal import Structures

/// Fields with an expiry.
extension HashValue {
    /// A time (milliseconds since 1970) before which no field expires; nil if none has an expiry.
    public var earliestExpiry: Int64? {
        HashValue.earliestExpiry(slot.entry, in: shard)
    }

    /// As `earliestExpiry`, for the hash of `entry`.
    static func earliestExpiry(_ entry: Entry, in shard: Shard) -> Int64? {
        switch encoding(entry) {
        case .pack: return nil
        case .volatilePack:
            return FieldPack(shard.arena.cell(entry.collection), isVolatile: true).earliest
        case .table:
            let table = FieldTable(entry.collection, shard.arena)
            return table.volatileCount > 0 ? table.earliest : nil
        }
    }

    /// Sets or (nil) removes the expiry of `name`; false if it is absent or has expired at `now`.
    public func setExpiry(_ name: Bytes, _ expiry: Int64?, now: Int64) -> Bool {
        guard encoding == .table else { return setExpiryInPack(name, expiry, now) }
        var table = table
        guard let location = table.table.find(name, shard.hash(name), shard.arena),
            !location.entry.isDue(now)
        else { return false }
        shard.willEdit(slot)
        let hadVolatile = table.volatileCount > 0
        table.setExpiry(location, expiry, &shard.arena)
        table.save(root, shard.arena)
        noteVolatile(before: hadVolatile, after: table.volatileCount > 0)
        if let expiry { announce(expiry) }
        return true
    }

    private func setExpiryInPack(_ name: Bytes, _ expiry: Int64?, _ now: Int64) -> Bool {
        guard let found = pack.find(name), !found.isDue(now) else { return false }
        guard found.expiry != expiry else { return true }
        shard.willEdit(slot)
        trackingVolatile {
            makeVolatile()
            // Making the pack volatile moves its fields.
            guard let field = pack.find(name) else { return }
            root = pack.setExpiry(field, expiry, root, &shard.arena)
        }
        if let expiry { announce(expiry) }
        return true
    }

    /// Removes up to `budget` fields that have expired at `now` (in a pack, all of them).
    ///
    /// Calls `willDrop` with each name first; it must not change the hash. The key stays, even
    /// without fields.
    ///
    /// Complexity: O(removed) if there are any, otherwise O(1).
    public func dropDue(now: Int64, _ budget: inout Int, _ willDrop: (Bytes) -> Void) {
        guard let earliest = earliestExpiry, earliest <= now else { return }
        shard.willEdit(slot)
        if encoding == .table {
            var table = table
            _ = table.removeDue(now, &budget, &shard.arena) { entry in
                willDrop(entry.key)
                HashValue.freeBlock(entry, in: shard)
            }
            table.save(root, shard.arena)
            noteVolatile(before: true, after: table.volatileCount > 0)
        } else {
            let dropped = pack.dueCount(now)
            var left = dropped
            pack.forEach { field in
                guard left > 0 else { return false }
                field.name.withText(willDrop)
                left -= 1
                return left > 0
            }
            trackingVolatile { root = pack.removeFirst(dropped, root, &shard.arena) }
            budget -= dropped
        }
    }

    // MARK: Reporting to the shard

    /// Tells the shard that a field expires at `expiry`.
    func announce(_ expiry: Int64) {
        shard.noteExpiry(expiry, slot.location.bucket, isNew: false)
    }

    /// Tells the shard of a hash that was copied or moved to `slot`.
    static func announce(_ slot: Shard.Slot, isNew: Bool) {
        let hash = HashValue(slot)
        guard let earliest = hash.earliestExpiry else { return }
        hash.announce(earliest)
        if isNew { hash.noteVolatile(before: false, after: true) }
    }

    /// Runs `body`, which may give a pack its first expiry or remove its last.
    func trackingVolatile(_ body: () -> Void) {
        let before = earliestExpiry != nil
        body()
        noteVolatile(before: before, after: earliestExpiry != nil)
    }

    /// Updates the shard's count of hashes with fields that have an expiry.
    func noteVolatile(before: Bool, after: Bool) {
        if before != after { shard.countVolatileHashes(after ? 1 : -1) }
    }
}
