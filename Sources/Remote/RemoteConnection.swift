internal import Glibc
internal import System
public import TLS

/// A conversation with one server: requests are sent, and replies come back in order.
///
/// ## Invariants
/// - The channel is open for as long as the connection lives, and is closed once.
/// - After `protocolBreach` or `closed` nothing more can be read; a new connection is needed.
public struct RemoteConnection: ~Copyable {
    /// The bytes, for callers that wait for several things at once.
    public let channel: Channel
    private var reader = ReplyReader()
    private var block = [UInt8](repeating: 0, count: 1 << 16)

    /// Connects to the first of the address's endpoints that responds.
    ///
    /// - Parameters:
    ///   - milliseconds: How long to try each of them; nil for the system's timeout.
    ///   - context: What TLS is spoken with, if at all.
    ///   - serverName: The name by which the server may choose its certificate.
    public init(
        to address: ServerAddress,
        within milliseconds: Int? = nil,
        _ context: TLSContext? = nil,
        serverName: String? = nil
    ) throws(RemoteFailure) {
        var failure = RemoteFailure.couldNotConnect(to: address.name, reason: "no address")
        for endpoint in try Endpoint.candidates(address) {
            do throws(RemoteFailure) {
                let socket = try Self.reach(endpoint, milliseconds)
                channel = try Self.secured(socket, endpoint, milliseconds, context, serverName)
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    deinit { channel.close() }

    private static func secured(
        _ socket: Socket,
        _ endpoint: Endpoint,
        _ milliseconds: Int?,
        _ context: TLSContext?,
        _ serverName: String?
    ) throws(RemoteFailure) -> Channel {
        do throws(RemoteFailure) {
            let channel = try Channel(socket, context, serverName: serverName)
            try channel.secure(within: milliseconds)
            return channel
        } catch {
            socket.close()
            throw error.whileConnecting(to: endpoint.name)
        }
    }

    private static func reach(
        _ endpoint: Endpoint,
        _ milliseconds: Int?
    ) throws(RemoteFailure) -> Socket {
        guard let milliseconds else { return try endpoint.connect() }
        let socket = try endpoint.connectLater()
        var error = ETIMEDOUT
        if socket.waits(for: .writing, milliseconds: milliseconds) {
            error = socket.connectionError()
        }
        guard error == 0 else {
            socket.close()
            throw .couldNotConnect(to: endpoint.name, reason: SystemError.reason(error))
        }
        socket.setBlocking()
        return socket
    }

    /// Sends all of `bytes`.
    public func send(_ bytes: [UInt8]) throws(RemoteFailure) {
        var sent = 0
        while sent < bytes.count {
            switch channel.send(bytes, sent..<bytes.count) {
            case .bytes(let count): sent += count
            case .wouldBlock: _ = channel.socket.waits(for: .writing, milliseconds: 1000)
            case .closed(let error): throw channel.failure(error, call: "send")
            }
        }
        while let obstacle = channel.flush() {
            if case .closed(let error) = obstacle { throw channel.failure(error, call: "send") }
            _ = channel.socket.waits(for: .writing, milliseconds: 1000)
        }
    }

    /// The next reply or push.
    ///
    /// - Parameters:
    ///   - milliseconds: How long to wait for more bytes; nil for no limit.
    ///   - isStopped: Called after every signal; returning true ends the wait.
    public mutating func receive(
        within milliseconds: Int? = nil,
        unless isStopped: () -> Bool = { false }
    ) throws(RemoteFailure) -> Reply {
        while true {
            if let reply = try reader.next() { return reply }
            if isStopped() { throw .interrupted }
            if let milliseconds, !channel.hasMore,
                !channel.socket.waits(for: .reading, milliseconds: milliseconds)
            {
                throw .timedOut
            }
            try fill()
        }
    }

    /// A reply that has arrived without waiting for it, usually a push.
    public mutating func receiveWaiting() throws(RemoteFailure) -> Reply? {
        while true {
            if let reply = try reader.next() { return reply }
            let hasBytes =
                channel.hasMore || channel.socket.waits(for: .reading, milliseconds: 0)
            guard hasBytes else { return nil }
            try fill()
        }
    }

    /// Sends a request of `words` and returns its reply; passes pushes before it to `onPush`.
    public mutating func ask(
        _ words: [[UInt8]],
        within milliseconds: Int? = nil,
        onPush: (Reply) -> Void = { _ in }
    ) throws(RemoteFailure) -> Reply {
        try send(Request.bytes(words))
        while true {
            let reply = try receive(within: milliseconds)
            guard case .push = reply else { return reply }
            onPush(reply)
        }
    }

    private mutating func fill() throws(RemoteFailure) {
        switch channel.receive(into: &block) {
        case .bytes(let count): reader.feed(block[..<count])
        case .wouldBlock: break
        case .closed(let error): throw channel.failure(error, call: "recv")
        }
    }
}
