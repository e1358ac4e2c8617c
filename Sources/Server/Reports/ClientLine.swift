internal import Commands
internal import Primitives
internal import System

/// A connection's line in CLIENT LIST and CLIENT INFO.
enum ClientLine {
    /// The line of `connection` of `worker`, without a line break.
    static func text(_ connection: Connection, on worker: Worker) -> String {
        var line = ByteBuffer()
        append(connection, on: worker, to: &line)
        return line.bytes.string
    }

    /// Appends the line of `connection` of `worker`, without a line break.
    static func append(_ connection: Connection, on worker: Worker, to line: inout ByteBuffer) {
        let unixPath = worker.server.options.unixSocketPath
        line.field("id=", Int64(bitPattern: connection.session.id))
        line.append(" addr=")
        Socket(connection.descriptor).appendName(peer: true, unixPath: unixPath, to: &line)
        line.append(" laddr=")
        Socket(connection.descriptor).appendName(peer: false, unixPath: unixPath, to: &line)
        line.field(" fd=", Int64(connection.descriptor))
        line.field(" name=", connection.session.details?.name)
        line.field(" age=", worker.executor.clock.seconds - connection.traffic.beganAt)
        line.field(" idle=", worker.executor.clock.seconds - connection.traffic.lastAt)
        line.append(" flags=")
        appendFlags(connection, to: &line)
        line.field(" db=", Int64(connection.session.database))
        let subscriptions = connection.session.subscriptions
        line.field(" sub=", Int64(subscriptions?.count(.channel) ?? 0))
        line.field(" psub=", Int64(subscriptions?.count(.pattern) ?? 0))
        line.field(" ssub=", Int64(subscriptions?.count(.shardChannel) ?? 0))
        line.field(" multi=", Int64(connection.session.transaction?.count ?? -1))
        line.field(" watch=", Int64(connection.session.watches?.count ?? 0))
        line.field(" qbuf=", Int64(connection.query.count))
        line.field(" qbuf-free=", Int64(connection.query.capacity - connection.query.count))
        line.append(" argv-mem=0")
        line.field(" multi-mem=", Int64(connection.session.transactionBytes))
        line.append(" rbs=0 rbp=0 obl=0")
        line.field(" oll=", connection.output == nil ? 0 : 1)
        line.field(" omem=", Int64(connection.outputBytes))
        line.field(" tot-mem=", Int64(memory(connection)))
        line.append(connection.state.contains(.sending) ? " events=rw" : " events=r")
        line.append(" cmd=")
        if connection.session.lastRow >= 0 {
            line.appendLowercase(
                Bytes(worker.server.registry.table.facts[Int(connection.session.lastRow)].name)
            )
        } else {
            line.append("NULL")
        }
        line.append(" user=")
        line.append(connection.session.user?.name ?? Bytes("(superuser)"))
        line.field(" redir=", connection.session.redirection)
        line.field(" resp=", connection.session.isRESP3 ? 3 : 2)
        line.field(" lib-name=", connection.session.details?.libraryName)
        line.field(" lib-ver=", connection.session.details?.libraryVersion)
        line.append(" capa=")
        if connection.session.traits.contains(.takesRedirects) { line.append("r") }
        line.field(" tot-net-in=", Int64(bitPattern: connection.traffic.bytesReceived))
        line.field(" tot-net-out=", Int64(bitPattern: connection.traffic.bytesSent))
        line.field(" tot-cmds=", Int64(bitPattern: connection.session.commandCount))
    }

    /// Appends the flags of a connection.
    static func appendFlags(_ connection: Connection, to line: inout ByteBuffer) {
        let start = line.count
        let traits = connection.session.traits
        if traits.contains(.monitor) { line.append("O") }
        if traits.contains(.subscribed) { line.append("P") }
        if let tracker = connection.session.tracker {
            line.append("t")
            if tracker.isBroken { line.append("R") }
            if tracker.mode.contains(.broadcasts) { line.append("B") }
        }
        if connection.session.transaction != nil { line.append("x") }
        if connection.waiting?.wait == .pause || connection.waiting?.waiter != nil {
            line.append("b")
        }
        if connection.session.watches?.isOutdated == true { line.append("d") }
        if connection.state.contains(.closesAfterReply) { line.append("c") }
        if connection.state.contains(.unix) { line.append("U") }
        if connection.session.traits.contains(.noEvict) { line.append("e") }
        if connection.session.traits.contains(.noTouch) { line.append("T") }
        if connection.session.traits.contains(.importSource) { line.append("I") }
        if line.count == start { line.append("N") }
    }

    /// The memory of a connection in bytes, including its buffers; about 300 when it is idle.
    static func memory(_ connection: Connection) -> Int {
        300 + connection.bufferBytes + connection.session.transactionBytes
            + (connection.session.subscriptions?.byteCount ?? 0)
            + connection.session.fieldSets.byteCount
            + (connection.waiting?.waiter?.byteCount ?? 0)
    }
}

extension ByteBuffer {
    /// Appends a numeric field.
    fileprivate mutating func field(_ name: StaticString, _ value: Int64) {
        append(name)
        append(decimal: value)
    }

    /// Appends a text field; nil appends an empty one.
    fileprivate mutating func field(_ name: StaticString, _ value: [UInt8]?) {
        append(name)
        value?.withBytes { append($0) }
    }
}

extension Session {
    /// Sets the name; an empty name removes it.
    func setName(_ name: Bytes) throws(CommandError) {
        guard Session.isPlain(name) else {
            throw .client(.name)
        }
        guard !name.isEmpty || details != nil else { return }
        tell { $0.name = name.array }
    }
}
