internal import Glibc
internal import System

/// What ends a conversation with a server.
public enum RemoteFailure: Error, Equatable, Sendable {
    /// No connection could be made.
    case couldNotConnect(to: String, reason: String)
    /// TLS cannot be used.
    case couldNotSecure(String)
    /// The two ends did not agree on TLS, or one does not trust the other.
    case handshakeFailed(String)
    /// The server closed the connection.
    case closed
    /// A system call failed.
    case system(call: String, reason: String)
    /// The server's bytes are not RESP.
    case protocolBreach(String)
    /// Nothing arrived within the time limit.
    case timedOut
    /// The user interrupted it.
    case interrupted

    /// The reason, in redis-cli's wording.
    public var message: String {
        switch self {
        case .couldNotConnect(let address, let reason):
            "Could not connect to Redis at \(address): \(reason)"
        case .couldNotSecure(let reason): "Could not negotiate a TLS connection: \(reason)"
        case .handshakeFailed(let reason): "TLS handshake failed: \(reason)"
        case .closed: "Error: Server closed the connection"
        case .system(_, let reason): "Error: \(reason)"
        case .protocolBreach(let reason): "Error: \(reason)"
        case .timedOut: "Error: the server did not answer in time"
        case .interrupted: "Interrupted"
        }
    }

    /// This failure of a handshake, as one to connect to `address`.
    public func whileConnecting(to address: String) -> RemoteFailure {
        switch self {
        case .handshakeFailed(let reason):
            .couldNotConnect(to: address, reason: "SSL_connect failed: \(reason)")
        case .closed:
            .couldNotConnect(to: address, reason: "SSL_connect failed: the server hung up")
        case .timedOut:
            .couldNotConnect(to: address, reason: SystemError.reason(ETIMEDOUT))
        default: self
        }
    }

    /// The failure of a transfer that found the connection closed with `error`.
    public init(closed error: Int32, call: String) {
        self =
            switch error {
            case 0, EPIPE, ECONNRESET: .closed
            default: .system(call: call, reason: SystemError.reason(error))
            }
    }
}
