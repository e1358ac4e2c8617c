internal import Glibc
internal import Primitives
internal import Synchronization
internal import System

/// A connection to another server that receives keys.
final class MigrationLink: @unchecked Sendable {  // because: one thread has it at a time
    let host: String
    let port: Int
    /// When it was last used, in seconds of the monotonic clock.
    fileprivate(set) var usedAt: Int64 = 0
    private let socket: Socket
    private var timeoutMilliseconds: Int
    /// The credentials and the database that were accepted by the other server.
    fileprivate var credentials: [[UInt8]] = []
    private var database: Int? = 0
    private var received: [UInt8] = []

    private static let lineBytesMax = 64 << 10

    /// Connects to `target`.
    init(_ target: MigrateRequest.Target) throws(SystemError) {
        host = target.host
        port = target.port
        timeoutMilliseconds = target.timeoutMilliseconds
        guard (1...65535).contains(target.port) else {
            throw SystemError("connect", number: EINVAL)
        }
        let addresses = try SocketAddress.resolve(target.host, port: target.port)
        guard let address = addresses.first else { throw SystemError("connect", number: ENOENT) }
        socket = try Socket.connectLater(to: address)
        let isReady = socket.waits(for: .writing, milliseconds: timeoutMilliseconds)
        let error = isReady ? socket.connectionError() : ETIMEDOUT
        guard error == 0 else {
            socket.close()
            throw SystemError("connect", number: error)
        }
    }

    /// Closes the connection.
    func close() { socket.close() }

    /// The requests that must come first: AUTH and SELECT, unless they have been sent already.
    func greetings(_ target: MigrateRequest.Target) -> [[[UInt8]]] {
        timeoutMilliseconds = target.timeoutMilliseconds
        var requests: [[[UInt8]]] = []
        if !target.credentials.isEmpty, target.credentials != credentials {
            requests.append([Array("AUTH".utf8)] + target.credentials)
        }
        if target.database != database {
            requests.append([Array("SELECT".utf8), Array(String(target.database).utf8)])
        }
        return requests
    }

    /// Records whether the other server has accepted the greetings for `target`.
    func isGreeted(_ target: MigrateRequest.Target, _ isAccepted: Bool) {
        if !target.credentials.isEmpty { credentials = isAccepted ? target.credentials : [] }
        database = isAccepted ? target.database : nil
    }

    /// A request as bytes.
    static func request(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += Array("$\(word.count)\r\n".utf8)
            bytes += word
            bytes += Array("\r\n".utf8)
        }
        return bytes
    }

    /// Sends all of `bytes`; returns false if that fails or part of it takes too long.
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            switch socket.send(bytes, sent..<bytes.count) {
            case .bytes(let count): sent += count
            case .wouldBlock:
                guard socket.waits(for: .writing, milliseconds: timeoutMilliseconds) else {
                    return false
                }
            case .closed: return false
            }
        }
        return true
    }

    /// The next line without its end; nil if none arrives in time.
    func readLine() -> String? {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                let line = received[0..<max(0, end - 1)]
                defer { received.removeFirst(end + 1) }
                return String(decoding: line, as: UTF8.self)
            }
            guard received.count < MigrationLink.lineBytesMax,
                socket.waits(for: .reading, milliseconds: timeoutMilliseconds)
            else { return nil }
            var room = [UInt8](repeating: 0, count: 4096)
            switch socket.receive(into: &room) {
            case .bytes(let count): received += room[0..<count]
            case .wouldBlock: continue
            case .closed: return nil
            }
        }
    }
}

/// Connections that are kept for a while, in case more keys move to the same server.
final class MigrationLinks: Sendable {
    /// How many connections to keep, and for how many seconds.
    private static let linksMax = 64
    private static let idleSecondsMax: Int64 = 10

    private let links = Locked<[MigrationLink]>([])

    /// Takes a connection to the server of `target`, if there is one.
    func take(_ target: MigrateRequest.Target) -> MigrationLink? {
        let oldest = Clock.monotonicSeconds() - MigrationLinks.idleSecondsMax
        return links.withLock { links in
            for link in links where link.usedAt < oldest { link.close() }
            links.removeAll { $0.usedAt < oldest }
            // A connection that has authenticated must not serve a request without a password.
            let place = links.firstIndex {
                $0.host == target.host && $0.port == target.port
                    && $0.isAllowed(target.credentials)
            }
            return place.map { links.remove(at: $0) }
        }
    }

    /// Keeps a connection for later requests.
    func keep(_ link: MigrationLink) {
        link.usedAt = Clock.monotonicSeconds()
        let surplus = links.withLock { links in
            links.append(link)
            return links.count > MigrationLinks.linksMax ? links.removeFirst() : nil
        }
        surplus?.close()
    }
}

extension MigrationLink {
    /// Whether requests with these credentials may use it.
    fileprivate func isAllowed(_ wanted: [[UInt8]]) -> Bool { wanted == credentials }
}
