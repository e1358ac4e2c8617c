internal import Primitives

/// Finds clients by the ids of their sessions, from any thread.
final class ClientDirectory: Sendable {
    private static let partCount = 16

    private final class Part: Sendable {
        let addresses = Locked<[UInt64: ClientAddress]>([:])
    }

    private let parts = (0..<ClientDirectory.partCount).map { _ in Part() }

    private func part(_ session: UInt64) -> Part {
        parts[Int(truncatingIfNeeded: session) & (ClientDirectory.partCount - 1)]
    }

    /// Adds a new client.
    func insert(_ address: ClientAddress) {
        part(address.session).addresses.withLock { $0[address.session] = address }
    }

    /// Removes a client that has left.
    func remove(_ session: UInt64) { part(session).addresses.withLock { $0[session] = nil } }

    /// The address of the client with a session id; nil if it has left.
    func find(_ session: UInt64) -> ClientAddress? {
        part(session).addresses.withLock { $0[session] }
    }
}
