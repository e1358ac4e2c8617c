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
        let isLiteral = arguments.count == index + 1
        text = ByteBuffer(capacity: isLiteral ? arguments[index].count : 0)
        if isLiteral {
            try read(arguments[index])
        } else {
            guard (arguments.count - index) % 2 == 0 else { throw .wordCount }
            for place in stride(from: index, to: arguments.count, by: 2) {
                add(arguments[place], arguments[place + 1])
            }
        }
        arrange()
    }

    /// Reads a literal.
    ///
    /// Complexity: O(N log N) with N pairs.
    init(literal: Bytes) throws(CommandError) {
        text = ByteBuffer(capacity: literal.count)
        try read(literal)
        arrange()
    }

    /// No pairs.
    init() { text = ByteBuffer() }

    /// Adds the pairs of a literal.
    ///
    /// What is read is at most as long as the literal, for which `text` has room, so that it does
    /// not move.
    private mutating func read(_ literal: Bytes) throws(CommandError) {
        var source = HstoreLiteral(literal)
        while let (name, value) = try source.next(&text) { add(name, value) }
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
