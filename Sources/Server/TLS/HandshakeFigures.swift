internal import Primitives

/// How the handshakes of TLS went, readable by any thread.
struct HandshakeFigures: ~Copyable, Sendable {
    let succeeded = Counter()
    let failed = Counter()
    /// The connections in the middle of one.
    let current = Counter()
}
