internal import Commands
internal import Primitives
internal import Store
internal import Structures

/// How many keys have values of which size, by database and type, in powers of two.
struct KeySizes: Sendable {
    /// The types in the order of INFO, with the names of their distributions.
    private static let kinds: [(kind: EntryKind, name: String)] = [
        (.string, "strings_sizes"), (.list, "lists_items"), (.set, "sets_items"),
        (.sortedSet, "zsets_items"), (.hash, "hashes_items"),
    ]

    /// The powers of two up to the largest value, and one more for zero.
    private static let binsMax = 64

    /// The numbers of keys by bin, for each type, by database.
    private var databases: [Int: [[Int]]] = [:]

    /// Adds a key of a database.
    mutating func add(_ slot: Shard.Slot, _ database: Int) {
        guard let place = KeySizes.kinds.firstIndex(where: { slot.entry.isKind($0.kind) }) else {
            return
        }
        let empty = [[Int]](
            repeating: [Int](repeating: 0, count: KeySizes.binsMax),
            count: KeySizes.kinds.count
        )
        databases[database, default: empty][place][KeySizes.bin(KeySizes.size(slot))] += 1
    }

    /// Adds the keys counted by `other`.
    mutating func add(_ other: KeySizes) {
        for (database, types) in other.databases {
            guard let mine = databases[database] else {
                databases[database] = types
                continue
            }
            databases[database] = zip(mine, types).map { zip($0, $1).map(+) }
        }
    }

    /// The fields of INFO: databases and types without keys are left out.
    var parts: [InfoPart] {
        databases.sorted { $0.key < $1.key }.flatMap { database, types in
            zip(KeySizes.kinds, types).compactMap { kind, bins -> InfoPart? in
                let filled = bins.enumerated().filter { $0.element > 0 }
                guard !filled.isEmpty else { return nil }
                return InfoPart(
                    "db\(database)_distrib_\(kind.name)",
                    .parts(
                        filled.map {
                            InfoPart(KeySizes.name(ofBin: $0.offset), .number($0.element))
                        }
                    )
                )
            }
        }
    }

    /// The bin of a size: 0 for an empty value, otherwise one more than its binary logarithm.
    static func bin(_ size: Int) -> Int { size <= 0 ? 0 : Int.bitWidth - size.leadingZeroBitCount }

    /// The smallest size in a bin, with a unit.
    static func name(ofBin bin: Int) -> String {
        guard bin > 0 else { return "0" }
        let units = ["", "K", "M", "G", "T", "P", "E"]
        return "\(1 << ((bin - 1) % 10))" + units[(bin - 1) / 10]
    }

    /// The length of a string, or the number of elements of a collection.
    private static func size(_ slot: Shard.Slot) -> Int {
        if slot.entry.isKind(.string) { return StringValue.count(slot.entry) }
        if slot.entry.isKind(.list) { return ListValue(slot).count }
        if slot.entry.isKind(.set) { return SetContent(slot.entry, in: slot.shard).count }
        if slot.entry.isKind(.sortedSet) { return SortedSetValue(slot).count }
        return HashValue(slot).count
    }
}
