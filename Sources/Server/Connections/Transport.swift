internal import Primitives
internal import System

/// Transfers a connection's bytes through its socket; the only way for both drivers.
///
/// Used for replies sent at once as well as those that waited.
///
/// It moves bytes as they are: for a connection with TLS, `Worker+TLS` opens what was received and
/// seals what is sent.
enum Transport {
    /// Receives at most `capacity` bytes into `memory`.
    @inline(__always)
    static func receive(_ connection: Connection, _ memory: Cell, _ capacity: Int) -> Transfer {
        Socket(connection.descriptor).receive(memory, capacity)
    }

    /// Sends bytes, perhaps only part of them.
    @inline(__always)
    static func send(_ descriptor: Int32, _ bytes: Bytes) -> Transfer {
        Socket(descriptor).send(bytes)
    }

    /// Sends several runs of bytes with one call, perhaps only part of them.
    static func send(_ descriptor: Int32, parts: [Bytes]) -> Transfer {
        Socket(descriptor).send(parts: parts)
    }
}
