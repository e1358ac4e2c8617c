internal import Commands
internal import Primitives
internal import System

/// How connections come to a worker, and how they are closed.
extension Worker {
    /// Takes over an accepted connection.
    func adopt(_ newcomer: Mailbox.Newcomer) {
        let connection = enroll(newcomer)
        // Requests may have arrived together with the end of the handshake.
        if let stream = connection.stream { readPlain(connection, stream) }
    }

    /// Takes over an accepted connection, without looking at what its client has sent already.
    func enroll(_ newcomer: Mailbox.Newcomer) -> Connection {
        let session = Session(id: server.nextClientID())
        let user = server.access.standard
        session.become(user, isAuthenticated: user.isOpen)
        let connection = Connection(
            descriptor: newcomer.descriptor,
            session: session,
            now: executor.clock.seconds
        )
        if newcomer.kind.transport == .unix { connection.state.insert(.unix) }
        if newcomer.kind.speech == .memcached {
            beginMemcached(connection)
        } else if server.options.detectsProtocols {
            connection.state.insert(.undetected)
        }
        connections.insert(connection)
        server.tracking.clients.insert(address(of: connection))
        guard driver.add(connection) else {
            close(connection)
            return connection
        }
        connection.stream = newcomer.stream
        if let stream = newcomer.stream { identify(connection, stream) }
        return connection
    }

    /// Closes a connection and drops anything that waits for it.
    func close(_ connection: Connection) {
        if connection.state.contains(.replied) { sendFinished() }
        guard !connection.state.contains(.closed) else { return }
        if let stream = connection.stream { sayGoodbye(connection, stream) }
        connection.state.insert(.closed)
        server.reaper.note(released: connection.bufferBytes)
        connection.output = nil
        connection.incoming = nil
        if let requests = connection.waiting { abandon(requests) }
        waiting.remove(connection)
        server.tracking.clients.remove(connection.session.id)
        leave(connection)
        if !itemDumps.isEmpty { itemDumps[connection.session.id] = nil }
        if connection.memcached != nil { tellWatchers(of: connection, hasCome: false) }
        if !surveys.isEmpty { surveys[connection.session.id] = nil }
        connection.session.endTransaction()
        if !keySizeSurveys.isEmpty { keySizeSurveys[connection.session.id] = nil }
        if !migrations.isEmpty { migrations[connection.session.id] = nil }
        connections.remove(connection)
        driver.remove(connection)
        server.connectionEnded()
    }

    /// Handles the end of the input, after all of it has been received.
    ///
    /// Requests received so far are still run and answered.
    func endInput(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        if let requests = connection.waiting {
            if endsWithClient(requests) { return close(connection) }
            connection.state.insert(.inputEnded)
            return driver.update(connection)
        }
        connection.state.formUnion([.inputEnded, .closesAfterReply])
        if connection.state.contains(.replied) { sendFinished() }
        if connection.outputBytes == 0 { close(connection) } else { driver.update(connection) }
    }

    /// Handles the ends of the inputs seen in this round, but only some of them if there are many.
    ///
    /// epoll would report the rest again, so with it, all of them are handled: it reports a limited
    /// number at a time.
    func endHungUp() {
        let limit: Int
        switch driver {
        case .readiness: limit = .max
        case .completions: limit = Worker.hangUpsAtOnce
        }
        for connection in round.hangUps.removeFirst(atMost: limit) { endInput(connection) }
    }

    /// How many clients are closed in one round.
    private static let hangUpsAtOnce = 64

    /// Handles the end of the input while some of it has not been received yet.
    func seeEnd(_ connection: Connection) {
        guard !connection.state.contains(.closed) else { return }
        if let requests = connection.waiting, endsWithClient(requests) { return close(connection) }
        connection.state.insert(.endSeen)
        driver.update(connection)
    }

    /// Closes the connection of a browser that was tricked into sending a request here.
    ///
    /// The body of the browser's request is not run.
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

    /// The address of a connection.
    func address(of connection: Connection) -> ClientAddress {
        ClientAddress(
            worker: index,
            descriptor: connection.descriptor,
            session: connection.session.id
        )
    }

    /// The connection with this address, if it is still open.
    func connection(at address: ClientAddress) -> Connection? {
        assert(address.worker == index, "another worker's client")
        guard let connection = connections[address.descriptor],
            connection.session.id == address.session
        else { return nil }
        return connection
    }
}
