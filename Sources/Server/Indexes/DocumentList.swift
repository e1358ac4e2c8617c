/// Numbers of documents, each at a place that it keeps.
///
/// ```text
/// places: │ 7 │ free, next 4 │ 9 │ 12 │ free, the last │ 3 │       first free: 1
/// ```
/// A place that becomes free is given to the next number; the list never gets shorter.
///
/// ## Invariants
/// A place with the top bit set is free; the other bits are the next free place, all ones at the
/// end.
struct DocumentList: Sendable {
    private var places: [UInt32] = []
    private var firstFree = end
    private var used: UInt32 = 0

    /// The largest number that fits.
    static let numberMax = freeBit - 1
    private static let freeBit: UInt32 = 1 << 31
    private static let end = UInt32.max

    /// How many numbers there are, and how many there is room for.
    var count: Int { Int(used) }
    var capacity: Int { places.capacity }

    /// Adds a number; returns its place.
    mutating func add(_ number: UInt32) -> UInt32 {
        used += 1
        guard firstFree != DocumentList.end else {
            places.append(number)
            return UInt32(places.count - 1)
        }
        let place = firstFree & ~DocumentList.freeBit
        firstFree = places[Int(place)]
        places[Int(place)] = number
        return place
    }

    /// Removes a number, which is at `place` unless it has been added twice.
    mutating func remove(_ number: UInt32, at place: UInt32) {
        var index = Int(place)
        if index >= places.count || places[index] != number {
            guard let other = places.firstIndex(of: number) else { return }
            index = other
        }
        places[index] = firstFree
        firstFree = UInt32(index) | DocumentList.freeBit
        used -= 1
    }

    /// Calls `body` with each number until it returns false.
    func forEach(_ body: (UInt32) -> Bool) {
        for number in places where number & DocumentList.freeBit == 0 && !body(number) { return }
    }
}
