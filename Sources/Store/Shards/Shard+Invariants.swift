internal import Primitives
internal import Structures

/// Checks all invariants of the shard; for tests.
extension Shard {
    /// Whether all invariants hold.
    ///
    /// Complexity: O(keys + fields + pages).
    public var isValid: Bool {
        var (volatile, volatileHashes, external) = (0, 0, 0)
        forEach { slot in
            let entry = slot.entry
            if entry.hasWord { volatile += 1 }
            if entry.isKind(.string) {
                external += externalBytes(of: entry)
            } else if entry.isKind(.hash) {
                if HashValue.earliestExpiry(entry, in: self) != nil { volatileHashes += 1 }
                guard HashValue.encoding(entry) == .table else { return }
                FieldTable(entry.collection, arena).table.forEach(arena) {
                    external += externalBytes(of: $0.entry)
                }
            }
        }
        return volatile == volatileCount && volatileHashes == volatileHashCount
            && (external == externalBytes || hasRemains)
            && keys.isValid(arena, hasExpiries: true) && arena.isValid
    }

    /// The bytes outside the arena of a string or field.
    private func externalBytes(of entry: Entry) -> Int {
        guard entry.stringEncoding == .external else { return 0 }
        return SharedBlock(address: entry.externalAddress).byteCount
    }
}
