internal import Primitives
internal import System

/// Closes clients while all of them together use more than `maxmemory-clients`, largest first.
///
/// In every tick, each worker publishes the total memory of its clients, and that of the largest
/// one that may be closed. While the total is too large, the worker with the largest client closes
/// it, which the others notice in their next ticks. No worker accesses another's table.
extension Worker {
    /// Closes clients of this worker as long as all clients use too much and no other worker has a
    /// larger one.
    func evictClients() {
        let limit = server.options.clientBytesMax
        guard limit > 0 else { return }
        showClients()
        guard server.evictableClientBytes >= limit else { return }
        var mine = connections.places.compactMap { $0 }.filter(\.mayBeEvicted)
        mine.sort { ClientLine.memory($0) < ClientLine.memory($1) }
        while let largest = mine.popLast(), server.evictableClientBytes >= limit {
            let bytes = ClientLine.memory(largest)
            let isLargest = server.workers.allSatisfy { other in
                let theirs = Int(clamping: other.clientFigures.evictableMax.value)
                return other === self || theirs < bytes || theirs == bytes && index < other.index
            }
            guard isLargest else { return }
            evict(largest)
            clientFigures.current.subtract(UInt64(bytes))
            let next = mine.last.map(ClientLine.memory) ?? 0
            clientFigures.evictableMax.set(UInt64(next))
        }
    }

    /// Closes a client that on its own uses more than all clients may.
    func evictIfTooLarge(_ connection: Connection) {
        let limit = server.options.clientBytesMax
        guard limit > 0, connection.mayBeEvicted, ClientLine.memory(connection) >= limit
        else { return }
        evict(connection)
    }

    private func evict(_ connection: Connection) {
        server.log(.notice, "Evicting client: \(ClientLine.text(connection, on: self))")
        executor.statistics.add(.clientsEvicted)
        close(connection)
    }

    /// Publishes the memory of this worker's clients.
    private func showClients() {
        var total = 0
        var largest = 0
        for case let connection? in connections.places {
            let bytes = ClientLine.memory(connection)
            total += bytes
            if bytes > largest, connection.mayBeEvicted { largest = bytes }
        }
        clientFigures.current.set(UInt64(total))
        clientFigures.evictableMax.set(UInt64(largest))
    }
}

extension Connection {
    /// Whether the connection may be closed to free memory.
    fileprivate var mayBeEvicted: Bool {
        !session.traits.contains(.noEvict) && !state.contains(.closed)
    }
}

extension Instance {
    /// The memory of all clients as of the workers' last ticks; only while `maxmemory-clients` is
    /// set.
    fileprivate var evictableClientBytes: Int {
        workers.reduce(0) { $0 + Int(clamping: $1.clientFigures.current.value) }
    }
}
