internal import Primitives
internal import System

/// How the bytes of a connection cross its socket: the one door for both drivers, for what is sent
/// at once and for what waited.
///
/// All bytes are plain today. TLS will stand here: it decrypts what `received` is given and what
/// `receive` reads, and encrypts before `send`; what a short send leaves over is ciphertext.
enum Transport {
    /// Receives into `memory`, at most `capacity` bytes.
    @inline(__always)
    static func receive(_ connection: Connection, _ memory: Cell, _ capacity: Int) -> Transfer {
        Socket(connection.descriptor).receive(memory, capacity)
    }

    /// Sends bytes; what comes back may be short.
    @inline(__always)
    static func send(_ descriptor: Int32, _ bytes: Bytes) -> Transfer {
        Socket(descriptor).send(bytes)
    }

    /// Sends several runs of bytes with one call; what comes back may be short.
    static func send(_ descriptor: Int32, parts: [Bytes]) -> Transfer {
        Socket(descriptor).send(parts: parts)
    }
}
