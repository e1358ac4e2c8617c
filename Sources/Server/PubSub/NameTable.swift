internal import Primitives

/// Values by name, for thousands of short-lived names.
///
/// A lookup uses bytes of a request, without creating a key from them.
///
/// ```text
/// hashes  │ 0 │ h │ h │ 0 │ h │ …     0: free; entries are at their hash's slot or soon after it
/// items   │   │ • │ • │   │ • │ …     name and value
/// ```
/// ## Invariants
/// `hashes` and `items` have the same length, a power of two or zero. At least a quarter of the
/// slots is free. There is no free slot between a name's slot and the one for its hash.
struct NameTable<Value> {
    private struct Item {
        let name: [UInt8]
        var value: Value
    }

    private var hashes: [UInt64] = []
    private var items: [Item?] = []
    /// The number of names.
    private(set) var count = 0

    /// The minimum number of slots.
    private static var placesMin: Int { 8 }

    private var mask: Int { hashes.count - 1 }

    /// A hash as stored: never 0, which marks a free slot.
    private static func mark(_ hash: UInt64) -> UInt64 { hash == 0 ? 1 : hash }

    /// The slot at which the search for a hash starts.
    ///
    /// Skips the low bits, which have selected one of several tables already.
    private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 8) & mask }

    // MARK: Looking

    /// The slot of `name`, valid until the next change; nil if it is not in the table.
    func find(_ name: Bytes, _ hash: UInt64) -> Int? {
        guard count > 0 else { return nil }
        let wanted = NameTable.mark(hash)
        var place = home(wanted)
        while hashes[place] != 0 {
            if hashes[place] == wanted, isName(name, at: place) { return place }
            place = (place + 1) & mask
        }
        return nil
    }

    private func isName(_ name: Bytes, at place: Int) -> Bool {
        items[place]?.name.withBytes { $0 == name } ?? false
    }

    /// The name in a slot returned by `find` or `insert`.
    func name(at place: Int) -> [UInt8] { item(place).name }

    /// The value in a slot returned by `find` or `insert`.
    subscript(place: Int) -> Value {
        get { item(place).value }
        _modify {
            // Take the item out, so that nothing in it is copied.
            guard var item = items[place] else { preconditionFailure("the slot is free") }
            items[place] = nil
            defer { items[place] = item }
            yield &item.value
        }
    }

    private func item(_ place: Int) -> Item {
        guard let item = items[place] else { preconditionFailure("the slot is free") }
        return item
    }

    /// The first slot with a name from about `start` on, wrapping around; nil if the table is
    /// empty.
    func anyPlace(from start: UInt64) -> Int? {
        guard count > 0 else { return nil }
        var place = Int(truncatingIfNeeded: start) & mask
        while hashes[place] == 0 { place = (place + 1) & mask }
        return place
    }

    /// The first slot with a name from `start` on; nil if there is none.
    func place(from start: Int) -> Int? {
        var place = start
        while place < hashes.count {
            if hashes[place] != 0 { return place }
            place += 1
        }
        return nil
    }

    /// Calls `body` with every name, its hash and its value.
    func forEach(_ body: (_ name: [UInt8], _ hash: UInt64, _ value: Value) -> Void) {
        for place in items.indices {
            guard let item = items[place] else { continue }
            body(item.name, hashes[place], item.value)
        }
    }

    // MARK: Changing

    /// Inserts a name that is not in the table; returns its slot.
    ///
    /// Complexity: amortised O(1).
    @discardableResult
    mutating func insert(_ name: [UInt8], _ hash: UInt64, _ value: Value) -> Int {
        if (count + 1) * 4 > hashes.count * 3 {
            resize(to: max(NameTable.placesMin, hashes.count * 2))
        }
        count += 1
        return put(Item(name: name, value: value), NameTable.mark(hash))
    }

    /// Removes the name in a slot; returns its value.
    @discardableResult
    mutating func remove(at place: Int) -> Value {
        let value = item(place).value
        var hole = place
        var next = (place + 1) & mask
        while hashes[next] != 0 {
            // An entry whose search starts at or before the hole must not stay after it.
            let isBefore = (next &- home(hashes[next])) & mask >= (next &- hole) & mask
            if isBefore {
                hashes[hole] = hashes[next]
                items[hole] = items[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        hashes[hole] = 0
        items[hole] = nil
        count -= 1
        if count == 0, hashes.count > NameTable.placesMin {
            hashes = []
            items = []
        } else if hashes.count > NameTable.placesMin, count * 8 < hashes.count {
            resize(to: hashes.count / 2)
        }
        return value
    }

    private mutating func resize(to places: Int) {
        let old = (hashes, items)
        hashes = [UInt64](repeating: 0, count: places)
        items = [Item?](repeating: nil, count: places)
        for place in old.1.indices {
            if let item = old.1[place] { put(item, old.0[place]) }
        }
    }

    @discardableResult
    private mutating func put(_ item: Item, _ hash: UInt64) -> Int {
        var place = home(hash)
        while hashes[place] != 0 { place = (place + 1) & mask }
        hashes[place] = hash
        items[place] = item
        return place
    }

    /// Whether all invariants hold; for tests.
    var isValid: Bool {
        guard hashes.count == items.count, count * 4 <= hashes.count * 3 else { return false }
        var found = 0
        for place in items.indices {
            guard let item = items[place] else { continue }
            found += 1
            guard item.name.withBytes({ find($0, hashes[place]) }) == place else { return false }
        }
        return found == count
    }
}
