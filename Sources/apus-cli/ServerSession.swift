internal import Glibc
internal import Remote

/// The conversation with the server: a connection that can be made anew, and what holds on it.
struct ServerSession: ~Copyable {
    var options: Options
    var output = Output()
    /// The connection, nil before the first and after a failure.
    var connection: RemoteConnection?
    /// Where the next connection goes.
    var address: ServerAddress

    // What the server was told on this connection.
    /// The database that commands go to.
    var database: Int
    /// True between MULTI and EXEC.
    var isInTransaction = false
    /// RESP2 or RESP3.
    var protocolVersion = 2
    /// The user and password of the last AUTH that worked.
    private var credentials: [[UInt8]]
    /// True if ^C ends the waiting for a reply.
    var stopsAtInterrupt = false
    /// What the server says of its commands, once it was asked.
    var docs: CommandDocs?

    init(_ options: Options) {
        self.options = options
        address = options.address
        database = options.database
        credentials =
            options.password.map { password in (options.user.map { [$0] } ?? []) + [password] }
            ?? []
    }

    /// How long a connection may take to be made, if the user does not say.
    private static let connectSeconds = 60.0

    /// Connects and says who asks, for which database, in which protocol; tells what fails.
    ///
    /// - Returns: False if there is no connection, or if the server refused one of these.
    @discardableResult
    mutating func connect(isQuiet: Bool = false) -> Bool {
        connection = nil
        isInTransaction = false
        do throws(RemoteFailure) {
            let seconds = options.connectSeconds ?? Self.connectSeconds
            connection = try RemoteConnection(to: address, within: Int(seconds * 1000))
            return try introduce()
        } catch {
            if !isQuiet { output.writeError(error.message + "\n") }
            if case .couldNotConnect = error {} else { connection = nil }
            return false
        }
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

    /// The reply to a request of plain words; pushes before it are dropped.
    mutating func ask(_ words: String...) throws(RemoteFailure) -> Reply {
        try ask(words.map(\.bytes))
    }

    /// The reply to a request; pushes before it are dropped.
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

    /// The next reply or push; ^C ends the waiting where the user asked for that.
    mutating func receive(within milliseconds: Int? = nil) throws(RemoteFailure) -> Reply {
        let stops = stopsAtInterrupt
        let reply = try connection?.receive(
            within: milliseconds,
            unless: { stops && Interrupt.isRequested }
        )
        guard let reply else { throw .closed }
        return reply
    }

    /// Remembers what `words` changed on the connection, after `reply` said that they worked.
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
            protocolVersion = 2
            options.protocolVersion = nil
            database = 0
        default: break
        }
    }

    /// Goes to another server.
    mutating func move(to host: String, port: Int) {
        options.socketPath = nil
        options.host = host
        options.port = port
        address = options.address
        docs = nil
    }
}
