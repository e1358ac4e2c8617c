internal import Primitives
internal import System

/// Ending clients that take more memory together than `maxmemory-clients` allows, the largest ones
/// first.
///
/// Each worker sums up its clients in every tick and shows what they take, and what the largest of
/// them takes that may be ended. While all together take too much, the worker whose client is the
/// largest of all ends it; the others see so in their next ticks. No worker looks into another's
/// table.
extension Worker {
    /// Ends clients of this worker for as long as all clients take too much and none of another
    /// worker is larger.
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

    /// Ends a client that takes more by itself than all clients may.
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

    /// Sums up what the clients take, for all workers to see.
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
    /// Whether the connection may be ended to save memory.
    fileprivate var mayBeEvicted: Bool {
        !session.traits.contains(.noEvict) && !state.contains(.closed)
    }
}

extension Instance {
    /// The bytes that all clients take, as of the workers' last ticks; only while
    /// `maxmemory-clients` is set.
    fileprivate var evictableClientBytes: Int {
        workers.reduce(0) { $0 + Int(clamping: $1.clientFigures.current.value) }
    }
}
