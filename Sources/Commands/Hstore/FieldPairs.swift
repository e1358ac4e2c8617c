internal import Primitives
internal import Wire

/// Fields with values or null that a request gives, as words or as one literal of hstore.
///
/// ```text
/// … key field value [field value …]
/// … key literal                        the only form that can give null
/// ```
/// As in hstore, they are distinct and in its order. Of several with the same name, the first is
/// kept.
struct FieldPairs: ~Copyable {
    /// A field and its value, nil for null.
    struct Pair {
        let name: Bytes
        let value: Bytes?
        /// Its position in the request.
        fileprivate let place: Int
    }

    /// The pairs, valid as long as this and the request.
    private(set) var pairs: [Pair] = []
    /// What the literal's words mean.
    private var text: ByteBuffer

    /// Reads the words of a request from `index` on.
    ///
    /// Complexity: O(N log N) with N pairs.
    init(_ arguments: Arguments, at index: Int) throws(CommandError) {
        if arguments.count == index + 1 {
            let literal = arguments[index]
            // At most as long as the literal, so that it does not move.
            text = ByteBuffer(capacity: literal.count)
            var source = HstoreLiteral(literal)
            while let (name, value) = try source.next(&text) { add(name, value) }
        } else {
            text = ByteBuffer()
            guard (arguments.count - index) % 2 == 0 else { throw .wordCount }
            for place in stride(from: index, to: arguments.count, by: 2) {
                add(arguments[place], arguments[place + 1])
            }
        }
        arrange()
    }

    private mutating func add(_ name: Bytes, _ value: Bytes?) {
        pairs.append(Pair(name: name, value: value, place: pairs.count))
    }

    private mutating func arrange() {
        guard pairs.count > 1 else { return }
        pairs.sort { left, right in
            if left.name == right.name { return left.place < right.place }
            return HstoreOrder.precedes(left.name, right.name)
        }
        var kept = 1
        for index in 1..<pairs.count where !(pairs[index].name == pairs[kept - 1].name) {
            pairs[kept] = pairs[index]
            kept += 1
        }
        pairs.removeLast(pairs.count - kept)
    }
}
