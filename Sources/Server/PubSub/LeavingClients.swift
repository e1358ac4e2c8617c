/// Closed clients with subscriptions that have not been ended yet.
///
/// A client may have a million of them, so they are ended in slices. Until then it counts as a
/// subscriber, but messages no longer reach it.
struct LeavingClients {
    private var clients: [Connection] = []
    /// Where to go on among the subscriptions of the first client.
    var position = Subscriptions.Position()

    @inline(__always)
    var isEmpty: Bool { clients.isEmpty }

    /// The client whose subscriptions are being ended.
    var first: Connection? { clients.first }

    /// Adds a closed client.
    mutating func add(_ client: Connection) { clients.append(client) }

    /// Removes the first client, whose subscriptions have been ended.
    mutating func removeFirst() {
        clients.removeFirst()
        position = Subscriptions.Position()
    }
}

extension Worker {
    /// How many subscriptions of closed clients are ended in one round.
    private static let leftAtOnce = 512

    /// Subscriptions that take more memory than this are freed on another thread.
    private static let freedBytesMax = 1 << 18

    /// Ends some of the subscriptions of closed clients.
    func endSomeSubscriptions() {
        var budget = Worker.leftAtOnce
        while budget > 0, let connection = leaving.first,
            let subscriptions = connection.session.subscriptions
        {
            guard let audience = subscriptions.leaveNext(&leaving.position) else {
                endSubscribing(connection)
                leaving.removeFirst()
                if subscriptions.byteCount > Worker.freedBytesMax {
                    server.reaper.free(subscriptions)
                }
                continue
            }
            leave(audience)
            budget -= 1
        }
    }
}
