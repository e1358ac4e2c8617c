internal import Primitives

/// Clients of this worker that subscribe and unsubscribe.
extension Worker {
    /// Subscribes a client to a channel or pattern, unless it is subscribed already.
    func subscribe(_ connection: Connection, to name: Bytes, _ kind: ChannelKind) {
        let session = connection.session
        let subscriptions = session.subscriptions ?? Subscriptions()
        let hash = server.channels.hasher(name).bits
        guard !subscriptions.contains(kind, name, hash) else { return }
        if session.subscriptions == nil {
            session.subscriptions = subscriptions
            session.traits.insert(.subscribed)
            server.channels.countClient(1)
        }
        let audience = audiences.open(kind, name, hash)
        let since = server.channels.join(audience.name, hash, kind, at: self)
        subscriptions.join(audience, connection, since: since)
    }

    /// Ends a client's subscription, if there is one.
    func unsubscribe(_ connection: Connection, from name: Bytes, _ kind: ChannelKind) {
        let session = connection.session
        let hash = server.channels.hasher(name).bits
        guard let subscriptions = session.subscriptions,
            let audience = subscriptions.leave(kind, name, hash)
        else { return }
        leave(audience)
        if subscriptions.count == 0 { endSubscribing(connection) }
    }

    /// Tells the other workers that a client has left an audience.
    func leave(_ audience: Audience) {
        let isLast = audience.listeners.isEmpty
        server.channels.leave(
            audience.name,
            audience.hash,
            audience.kind,
            at: self,
            isLast: isLast
        )
        if isLast { audiences.remove(audience) }
    }

    /// Records that a client has no subscriptions left.
    func endSubscribing(_ connection: Connection) {
        connection.session.subscriptions = nil
        connection.session.traits.remove(.subscribed)
        server.channels.countClient(-1)
    }

    /// Ends all subscriptions of a client.
    ///
    /// Complexity: O(its subscriptions).
    func unsubscribeAll(_ connection: Connection) {
        guard let subscriptions = connection.session.subscriptions else { return }
        for kind in ChannelKind.allCases {
            for name in subscriptions.names(kind) {
                name.withBytes { unsubscribe(connection, from: $0, kind) }
            }
        }
    }
}
