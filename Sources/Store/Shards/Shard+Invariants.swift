internal import Primitives
internal import Structures

/// The invariants of the shard, checked whole; for tests.
extension Shard {
    /// Whether all invariants hold. Complexity: O(keys + pages).
    public var isValid: Bool {
        var volatile = 0
        var external = 0
        forEach { slot in
            let entry = slot.entry
            if entry.hasWord { volatile += 1 }
            if entry.isKind(.string), entry.stringEncoding == .external {
                external += SharedBlock(address: entry.externalAddress).byteCount
            }
        }
        return volatile == volatileCount && external == externalBytes
            && keys.isValid(arena, hasExpiries: true) && arena.isValid
    }
}
