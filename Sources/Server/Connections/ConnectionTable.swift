/// A worker's connections by descriptor.
///
/// ## Invariants
/// `count` is the number of connections in `places`.
struct ConnectionTable {
    /// The connections, indexed by descriptor.
    private(set) var places: [Connection?] = []
    private(set) var count = 0
    /// Closed connections to which the batch may still hold unretained references.
    private var ended: [Connection] = []

    /// The connection of a descriptor, or nil.
    @inline(__always)
    subscript(descriptor: Int32) -> Connection? {
        descriptor < places.count ? places[Int(descriptor)] : nil
    }

    mutating func insert(_ connection: Connection) {
        let place = Int(connection.descriptor)
        while places.count <= place {
            places.append(contentsOf: repeatElement(nil, count: max(64, places.count)))
        }
        assert(places[place] == nil, "the descriptor has a connection")
        places[place] = connection
        count += 1
    }

    /// Removes a connection; it lives at least until `forgetEnded`.
    mutating func remove(_ connection: Connection) {
        assert(self[connection.descriptor] === connection, "not in the table")
        places[Int(connection.descriptor)] = nil
        count -= 1
        ended.append(connection)
    }

    /// Releases removed connections, to which nothing refers any more.
    mutating func forgetEnded() {
        if !ended.isEmpty { ended.removeAll(keepingCapacity: true) }
    }
}
