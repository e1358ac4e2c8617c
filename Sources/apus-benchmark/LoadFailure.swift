internal import Remote
internal import System

/// Why a run ends early.
enum LoadFailure: Error {
    case couldNotConnect(to: String, reason: String)
    case couldNotSecure(String)
    case closed
    case system(call: String, reason: String)
    /// The server replied to a request with an error.
    case errorReply([UInt8])
    case noRESP(ReplyScanner.Fault)
    /// More replies arrived than requests were sent.
    case unaskedReply

    /// The message for the user, in one line.
    var message: String {
        switch self {
        case .couldNotConnect(let address, let reason):
            "Could not connect to Redis at \(address): \(reason)"
        case .couldNotSecure(let reason): "Could not negotiate a TLS connection: \(reason)"
        case .closed: "Error: Server closed the connection"
        case .system(let call, let reason): "Error: \(call): \(reason)"
        case .errorReply(let text):
            "Error from server: \(String(decoding: text, as: UTF8.self))"
        case .noRESP: "Error: the server's reply is not in the Redis protocol"
        case .unaskedReply: "Error: the server sent more replies than there were requests"
        }
    }

    /// A system call that failed.
    init(_ failure: SystemError) { self = .system(call: failure.call, reason: failure.reason) }

    /// A failure of the connection.
    init(_ failure: RemoteFailure) {
        switch failure {
        case .couldNotConnect(let address, let reason):
            self = .couldNotConnect(to: address, reason: reason)
        case .system(let call, let reason): self = .system(call: call, reason: reason)
        case .couldNotSecure(let reason), .handshakeFailed(let reason):
            self = .couldNotSecure(reason)
        case .closed, .protocolBreach, .timedOut, .interrupted: self = .closed
        }
    }
}
