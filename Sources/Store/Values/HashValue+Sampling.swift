public import Primitives
internal import Structures

/// Access to fields by place: the offset in a pack, or the handle of the entry in a table.
///
/// A place is valid until the hash changes.
extension HashValue {
    /// The name, value (nil for null) and expiry of the field at `place`.
    public func field(
        at place: Int
    ) -> (name: StringContent, value: StringContent?, expiry: Int64?) {
        switch encoding {
        case .pack, .volatilePack:
            let field = pack.field(at: place)
            return (
                StringContent(field.name), field.value.map { StringContent($0) }, field.expiry
            )
        case .table:
            let entry = Entry(shard.arena.cell(Handle(units: UInt32(place))))
            return (.bytes(entry.key), HashValue.content(entry), entry.expiry)
        }
    }

    /// The places of all fields that have not expired at `now`.
    ///
    /// Complexity: O(fields).
    public func places(now: Int64) -> [Int] {
        var places: [Int] = []
        places.reserveCapacity(count)
        switch encoding {
        case .pack, .volatilePack:
            pack.forEach { field in
                if !field.isDue(now) { places.append(field.offset) }
                return true
            }
        case .table:
            let table = table.table
            table.forEach(shard.arena) { location in
                if !location.entry.isDue(now) { places.append(Int(table.handle(location).units)) }
            }
        }
        return places
    }

    /// The place of a uniformly random field, expired or not; nil if there is none.
    ///
    /// Complexity: O(1); in a pack O(fields).
    public func randomPlace(_ random: inout FastRandom) -> Int? {
        guard count > 0 else { return nil }
        switch encoding {
        case .pack:
            return pack.pack.offset(random.below(count) * 2)
        case .volatilePack:
            return pack.pack.offset(random.below(count) * 3)
        case .table:
            let table = table.table
            return table.random(shard.arena, &random).map { Int(table.handle($0).units) }
        }
    }
}
