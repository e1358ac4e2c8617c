internal import Glibc
internal import System

/// What ends a conversation with a server.
public enum RemoteFailure: Error, Equatable, Sendable {
    /// No connection could be made.
    case couldNotConnect(to: String, reason: String)
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
        case .closed: "Error: Server closed the connection"
        case .system(_, let reason): "Error: \(reason)"
        case .protocolBreach(let reason): "Error: \(reason)"
        case .timedOut: "Error: the server did not answer in time"
        case .interrupted: "Interrupted"
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
