/// Counts prefixes by length, so that a name is looked up only once for each length in use.
struct PrefixLengths {
    private var lengths: [(length: Int, count: Int)] = []

    /// Counts a prefix of `length`.
    mutating func insert(_ length: Int) {
        let place = lengths.firstIndex { $0.length >= length } ?? lengths.count
        if place < lengths.count, lengths[place].length == length {
            lengths[place].count += 1
        } else {
            lengths.insert((length, 1), at: place)
        }
    }

    /// Stops counting a prefix of `length`.
    mutating func remove(_ length: Int) {
        guard let place = lengths.firstIndex(where: { $0.length == length }) else {
            preconditionFailure("the length was counted")
        }
        lengths[place].count -= 1
        if lengths[place].count == 0 { lengths.remove(at: place) }
    }

    /// Calls `body` with each length in use up to `limit`, the shortest first.
    func forEach(upTo limit: Int, _ body: (Int) -> Void) {
        for (length, _) in lengths {
            guard length <= limit else { return }
            body(length)
        }
    }
}
