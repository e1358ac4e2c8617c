public import Primitives

/// Remembers the keys recently evicted from probation.
///
/// A byte of each key's hash is stored at a place determined by the hash, until another key takes
/// the place. A key that comes back soon after its eviction was worth keeping. One in 255 other
/// keys is mistaken for it, which is harmless.
///
/// ```text
/// parts   ┌──────────┐ ┌──────────┐ ┌──────────┐   4096 places each, made when first written to;
///         │ · 9F · 07│ │ none     │ │ 31 · · · │   a table of fewer places is one smaller block
///         └──────────┘ └──────────┘ └──────────┘
/// ```
/// The table is a plain value that does not own its memory: the holder must call `removeAll` with
/// the arena that contains it.
///
/// ## Invariants
/// `placeCount` is zero or a power of two, and the parts together have that many places.
public struct GhostTable: Sendable {
    /// The number of places, a byte each.
    public private(set) var placeCount = 0
    private var parts: [Handle] = []

    static let placesMin = 64
    static let partPlaces = 4096

    /// Creates a table without places, which remembers nothing.
    public init() {}

    /// Adjusts the number of places to the number of keys, rounded down to a power of two.
    ///
    /// Keys whose places remain are still remembered.
    public mutating func fit(_ keyCount: Int, _ arena: inout Arena) {
        while placeCount > GhostTable.placesMin, placeCount > keyCount * 2 { halve(&arena) }
        while placeCount < GhostTable.placesMin || placeCount * 2 <= keyCount { double(&arena) }
    }

    private mutating func double(_ arena: inout Arena) {
        guard placeCount > 0 else {
            placeCount = GhostTable.placesMin
            return parts.append(.none)
        }
        if placeCount < GhostTable.partPlaces {
            let part = parts[0]
            if !part.isNone {
                parts[0] = arena.reallocate(part, placeCount * 2, keeping: placeCount)
                arena.cell(parts[0]).zero(placeCount, placeCount)
            }
        } else {
            parts.append(contentsOf: repeatElement(.none, count: parts.count))
        }
        placeCount *= 2
    }

    private mutating func halve(_ arena: inout Arena) {
        placeCount /= 2
        guard placeCount >= GhostTable.partPlaces else {
            if !parts[0].isNone {
                parts[0] = arena.reallocate(parts[0], placeCount, keeping: placeCount)
            }
            return
        }
        for part in parts[(parts.count / 2)...] where !part.isNone { arena.free(part) }
        parts.removeLast(parts.count / 2)
    }

    /// Remembers a key.
    public mutating func remember(_ hash: KeyHash, _ arena: inout Arena) {
        guard placeCount > 0 else { return }
        let (part, offset) = place(hash)
        if parts[part].isNone {
            let byteCount = min(placeCount, GhostTable.partPlaces)
            parts[part] = arena.allocate(byteCount)
            arena.cell(parts[part]).zero(0, byteCount)
        }
        arena.cell(parts[part]).store(GhostTable.mark(hash), offset)
    }

    /// Whether a key is remembered; if so, it is forgotten.
    public mutating func take(_ hash: KeyHash, _ arena: borrowing Arena) -> Bool {
        guard placeCount > 0 else { return false }
        let (part, offset) = place(hash)
        guard !parts[part].isNone else { return false }
        let cell = arena.cell(parts[part])
        guard cell.byte(offset) == GhostTable.mark(hash) else { return false }
        cell.store(UInt8(0), offset)
        return true
    }

    private func place(_ hash: KeyHash) -> (part: Int, offset: Int) {
        let place = Int(truncatingIfNeeded: hash.bits) & (placeCount - 1)
        return (place / GhostTable.partPlaces, place % GhostTable.partPlaces)
    }

    /// The byte stored for a hash: bits that determine neither the place nor the partition; never
    /// zero.
    private static func mark(_ hash: KeyHash) -> UInt8 { hash.tag }

    /// Forgets everything and frees all memory.
    public mutating func removeAll(_ arena: inout Arena) {
        for part in parts where !part.isNone { arena.free(part) }
        self = GhostTable()
    }
}
