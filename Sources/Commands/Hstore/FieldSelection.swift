internal import Primitives
internal import Store
internal import Wire

/// Fields of a hash in hstore's order, borrowed until the shard changes.
struct FieldSelection {
    /// A field and its value, nil for null.
    struct Field {
        let name: StringContent
        let value: StringContent?
    }

    private(set) var fields: [Field] = []

    /// All fields of `hash`.
    ///
    /// Complexity: O(N log N) with N fields.
    init(of hash: HashValue, now: Int64) {
        fields.reserveCapacity(hash.count)
        hash.forEach(now: now) { name, value in
            fields.append(Field(name: name, value: value))
            return true
        }
        fields.sort { HstoreOrder.precedes($0.name, $1.name) }
    }

    /// Those fields of `hash` that the words in `places` name, each once.
    ///
    /// Complexity: O(N log N) with N words.
    init(of hash: HashValue, _ arguments: Arguments, _ places: Range<Int>, now: Int64) {
        let names = places.map { arguments[$0] }.sorted { HstoreOrder.precedes($0, $1) }
        for (index, name) in names.enumerated() {
            guard index == 0 || !(name == names[index - 1]),
                let field = hash.find(name, now: now)
            else { continue }
            fields.append(Field(name: .bytes(name), value: field.content))
        }
    }

    /// The bytes of all names and values.
    var byteCount: Int { fields.reduce(0) { $0 + $1.name.count + ($1.value?.count ?? 0) } }
}
