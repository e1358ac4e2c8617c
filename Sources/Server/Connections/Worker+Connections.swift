internal import Commands
internal import Primitives
internal import System

/// Connections: how they come to a worker, and how they end.
extension Worker {
    /// Takes over an accepted connection.
    func adopt(_ descriptor: Int32, isUnix: Bool) {
        let session = Session(id: server.nextClientID())
        let user = server.access.standard
        session.become(user, isAuthenticated: user.isOpen)
        let connection = Connection(
            descriptor: descriptor,
            session: session,
            now: executor.clock.seconds
        )
        if isUnix { connection.state.insert(.unix) }
        connections.insert(connection)
        if !driver.add(connection) { close(connection) }
    }

    /// Ends a connection; what waits for it is dropped.
    func close(_ connection: Connection) {
        if connection.state.contains(.replied) { sendFinished() }
        guard !connection.state.contains(.closed) else { return }
        connection.state.insert(.closed)
        server.reaper.note(released: connection.bufferBytes)
        connection.output = nil
        connection.incoming = nil
        waiting.remove(connection)
        unsubscribeAll(connection)
        if !surveys.isEmpty { surveys[connection.session.id] = nil }
        connections.remove(connection)
        driver.remove(connection)
        server.connectionEnded()
    }

    /// Takes note that the other side sends no more, and that all it has sent was received: it is
    /// still run and answered.
    func endInput(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        if let requests = connection.waiting {
            if requests.wait.endsWithClient { return close(connection) }
            connection.state.insert(.inputEnded)
            return driver.update(connection)
        }
        connection.state.formUnion([.inputEnded, .closesAfterReply])
        if connection.state.contains(.replied) { sendFinished() }
        if connection.outputBytes == 0 { close(connection) } else { driver.update(connection) }
    }

    /// Takes note that the other side sends no more, although not all was received yet.
    func seeEnd(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        if connection.waiting?.wait.endsWithClient == true { return close(connection) }
        connection.state.insert(.endSeen)
        driver.update(connection)
    }

    /// Ends a browser that was lured into sending a request here, before its body is run.
    func cutOff(_ connection: Connection) {
        server.log(
            .warning,
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: "
                + "commands to Redis. This is likely due to an attacker attempting to use Cross "
                + "Protocol Scripting to compromise your Redis instance. Connection from "
                + connection.address(peer: true, unixPath: server.options.unixSocketPath)
                + " aborted."
        )
        close(connection)
    }

    /// The connection of an address, if it is still there.
    func connection(at address: ClientAddress) -> Connection? {
        assert(address.worker == index, "another worker's client")
        guard let connection = connections[address.descriptor],
            connection.session.id == address.session
        else { return nil }
        return connection
    }
}
