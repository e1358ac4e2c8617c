internal import Primitives
internal import System

/// Moves a connection's bytes through its socket, for both drivers.
///
/// All replies pass here, whether they are sent at once or had to wait. Bytes are moved unchanged:
/// with TLS, `Worker+TLS` decrypts what was received and encrypts what is sent.
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
