internal import Glibc
internal import Remote
internal import TLS

/// The conversation with the server: a connection that can be renewed, and its state.
struct ServerSession: ~Copyable {
    var options: Options
    var output = Output()
    /// The connection; nil before the first one and after a failure.
    var connection: RemoteConnection?
    /// The address for the next connection.
    var address: ServerAddress

    // The state of this connection in the server.
    /// The selected database.
    var database: Int
    /// Whether a transaction is open, between MULTI and EXEC.
    var isInTransaction = false
    /// Whether messages of channels may arrive at any time.
    var isSubscribed = false
    /// RESP2 or RESP3.
    var protocolVersion = 2
    /// What TLS is spoken with; made once.
    private var context: TLSContext?
    /// The user and password of the last successful AUTH.
    private var credentials: [[UInt8]]
    /// Whether a person types the commands: ^C ends the wait for a reply, and any key that for
    /// messages.
    var isInteractive = false
    /// The server's documentation of its commands, once requested.
    var docs: CommandDocs?

    init(_ options: Options) {
        self.options = options
        address = options.address
        database = options.database
        credentials =
            options.password.map { password in (options.user.map { [$0] } ?? []) + [password] }
            ?? []
    }

    /// The default timeout for connecting.
    private static let connectSeconds = 60.0

    /// Connects, authenticates, and selects the database and the protocol; reports what fails.
    ///
    /// - Returns: False if there is no connection, or if the server rejected one of these.
    @discardableResult
    mutating func connect(isQuiet: Bool = false) -> Bool {
        disconnect()
        do throws(RemoteFailure) {
            let seconds = options.connectSeconds ?? Self.connectSeconds
            if context == nil { context = try options.tls.context() }
            connection = try RemoteConnection(
                to: address,
                within: Int(seconds * 1000),
                context,
                serverName: options.tls.serverName
            )
            return try introduce()
        } catch {
            if !isQuiet { output.writeError(error.message + "\n") }
            connection = nil
            return false
        }
    }

    /// Drops the connection and all that the server knew of it.
    mutating func disconnect() {
        connection = nil
        isInTransaction = false
        isSubscribed = false
    }

    private mutating func introduce() throws(RemoteFailure) -> Bool {
        if !credentials.isEmpty {
            let reply = try ask(["AUTH".bytes] + credentials)
            if refused(reply, "AUTH") { return false }
        }
        if database != 0 {
            let reply = try ask("SELECT", String(database))
            if refused(reply, "SELECT \(database)") {
                database = 0
                return false
            }
        }
        protocolVersion = 2
        if options.protocolVersion == 3 {
            let reply = try ask("HELLO", "3")
            if refused(reply, "HELLO 3") { return false }
            protocolVersion = 3
        }
        return true
    }

    private mutating func refused(_ reply: Reply, _ request: String) -> Bool {
        guard let text = reply.errorText else { return false }
        output.writeError("\(request) failed: ".bytes + text + [UInt8(ascii: "\n")])
        return true
    }

    /// Sends a request of plain words and returns its reply; drops pushes before it.
    mutating func ask(_ words: String...) throws(RemoteFailure) -> Reply {
        try ask(words.map(\.bytes))
    }

    /// Sends a request and returns its reply; drops pushes before it.
    mutating func ask(_ words: [[UInt8]]) throws(RemoteFailure) -> Reply {
        try send(Request.bytes(words))
        while true {
            let reply = try receive()
            guard case .push = reply else { return reply }
        }
    }

    mutating func send(_ bytes: [UInt8]) throws(RemoteFailure) {
        guard connection != nil else { throw .closed }
        try connection?.send(bytes)
    }

    /// The next reply or push; ^C ends the wait if the user asked for that.
    mutating func receive(within milliseconds: Int? = nil) throws(RemoteFailure) -> Reply {
        let stops = isInteractive
        let reply = try connection?.receive(
            within: milliseconds,
            unless: { stops && Interrupt.isRequested }
        )
        guard let reply else { throw .closed }
        return reply
    }

    /// Records how `words` changed the connection's state, after `reply` confirmed them.
    mutating func note(_ words: [[UInt8]], _ reply: Reply) {
        guard let name = words.first?.lowercase.text, reply.errorText == nil else { return }
        switch name {
        case "select" where words.count == 2:
            database = Int(words[1].text) ?? database
        case "auth" where words.count == 2 || words.count == 3:
            credentials = Array(words.dropFirst())
        case "hello" where words.count > 1:
            protocolVersion = Int(words[1].text) ?? protocolVersion
            options.protocolVersion = protocolVersion
        case "multi": isInTransaction = true
        case "exec", "discard": isInTransaction = false
        case "reset":
            isInTransaction = false
            isSubscribed = false
            protocolVersion = 2
            options.protocolVersion = nil
            database = 0
        default: break
        }
    }

    /// Switches to another server.
    mutating func move(to host: String, port: Int) {
        options.socketPath = nil
        options.host = host
        options.port = port
        address = options.address
        docs = nil
    }
}
