internal import System

/// Connections: how they come to a worker, and how they end.
extension Worker {
    /// Takes over an accepted connection.
    func adopt(_ descriptor: Int32, isUnix: Bool) {
        let client = Client(
            descriptor: descriptor,
            id: server.nextClientID(),
            now: nowSeconds
        )
        if isUnix { client.state.insert(.unix) }
        if server.options.password.isEmpty { client.state.insert(.authenticated) }
        while clients.count <= Int(descriptor) {
            clients.append(contentsOf: repeatElement(nil, count: max(64, clients.count)))
        }
        clients[Int(descriptor)] = client
        clientCount += 1
        if let ring { return watch(client, ring) }
        do throws(SystemError) {
            try poll.add(descriptor, .read)
        } catch {
            close(client)
        }
    }

    /// Has the socket watched for what the client can take.
    func watch(_ client: Client) {
        if let ring { return watch(client, ring) }
        var interest: EventPoll.Interest = client.state.contains(.postponed) ? [] : .read
        if client.state.contains(.sending) { interest.insert(.write) }
        try? poll.change(client.descriptor, interest)
    }

    /// The client that a descriptor is the connection of.
    @inline(__always)
    func client(of descriptor: Int32) -> Client? {
        descriptor < clients.count ? clients[Int(descriptor)] : nil
    }

    /// Ends a connection; what waits for it is dropped.
    func close(_ client: Client) {
        if client.state.contains(.replied) { sendFinished() }
        guard !client.state.contains(.closed) else { return }
        client.state.insert(.closed)
        client.output = nil
        client.incoming = nil
        if client.postponement != nil { abandonPostponed(client) }
        clients[Int(client.descriptor)] = nil
        clientCount -= 1
        if ring == nil {
            poll.remove(client.descriptor)
            Socket.close(client.descriptor)
        } else {
            Socket.end(client.descriptor)
        }
        server.connectionEnded()
        // Requests of the client may still stand in the batch: they hold no reference.
        if batch.count > 0 { ended.append(client) }
    }
}
