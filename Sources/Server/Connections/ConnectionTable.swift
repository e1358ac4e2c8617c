/// A worker's connections by descriptor.
///
/// ## Invariants
/// `count` is the number of connections in `places`.
struct ConnectionTable {
    /// The connections, each at the place of its descriptor.
    private(set) var places: [Connection?] = []
    private(set) var count = 0
    /// Connections that ended while the batch may still name them without holding them.
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

    /// Takes a connection out; it lives at least until `forgetEnded`.
    mutating func remove(_ connection: Connection) {
        assert(self[connection.descriptor] === connection, "not in the table")
        places[Int(connection.descriptor)] = nil
        count -= 1
        ended.append(connection)
    }

    /// Lets go of connections that were taken out; nothing names them any more.
    mutating func forgetEnded() {
        if !ended.isEmpty { ended.removeAll(keepingCapacity: true) }
    }
}
