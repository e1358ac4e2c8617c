internal import CTLS
public import Primitives

/// One end of a TLS connection, without a socket.
///
/// ```text
/// from the socket ─▶ feed ─▶ read ─▶ plain bytes
/// to the socket ◀─ encrypted bytes ◀─ write ◀─ plain bytes
/// ```
/// A handshake, a key update or an alert may leave encrypted bytes after any call: callers of
/// `handshake` and `read` must send what `takeOutput` returns.
///
/// ## Invariants
/// `stream` comes from `SSL_new` and is released by `deinit`, once. One thread at a time uses it.
@safe
public final class TLSStream: @unchecked Sendable {  // because: one thread at a time, see above
    /// The result of a step of the handshake.
    public enum Handshake: Equatable {
        case done
        /// It continues once more bytes have been fed.
        case needsInput
        /// It failed; the remaining output tells the peer why.
        case failed(String)
    }

    /// The result of reading.
    public enum Input: Equatable {
        case bytes(Int)
        /// No more plain bytes until more have been fed.
        case needsInput
        /// The peer has announced that it sends no more.
        case ended
        /// The peer violated the protocol; nothing more can be read or written.
        case failed
    }

    /// The maximum number of plain bytes in a record.
    public static let recordBytesMax = 16 * 1024

    /// The memory of an idle stream in bytes, measured with 3,000 of them.
    public static let byteCount = 16 * 1024

    private let stream: OpaquePointer

    /// Why reading or writing failed; nil if it did not.
    public private(set) var failure: String?

    /// Creates the server's end of a connection; nil if there is no memory.
    public init?(server context: TLSContext) {
        // SAFETY: the context lives, and the stream keeps what it needs of it.
        guard let stream = unsafe apus_tls_stream(context.context) else { return nil }
        unsafe self.stream = stream
        unsafe SSL_set_accept_state(stream)
    }

    /// Creates the client's end of a connection.
    ///
    /// `serverName` is sent to the server, which may choose its certificate by it. Like redis-cli,
    /// the client accepts a certificate for any name from a trusted CA: most certificates of such
    /// servers name no host.
    public init?(client context: TLSContext, serverName: String?) {
        // SAFETY: the context lives, and the stream keeps what it needs of it.
        guard let stream = unsafe apus_tls_stream(context.context) else { return nil }
        unsafe self.stream = stream
        unsafe SSL_set_connect_state(stream)
        // SAFETY: the string is terminated and copied by the call.
        if let serverName { unsafe _ = apus_tls_set_host(stream, serverName) }
    }

    deinit { unsafe SSL_free(stream) }

    // MARK: The handshake

    /// Continues the handshake.
    public func handshake() -> Handshake {
        ERR_clear_error()
        // SAFETY: the stream lives, and nobody else uses it.
        let status = unsafe SSL_do_handshake(stream)
        if status == 1 { return .done }
        if unsafe SSL_get_error(stream, status) == SSL_ERROR_WANT_READ { return .needsInput }
        let verdict = unsafe SSL_get_verify_result(stream)
        if verdict != Int(X509_V_OK), let text = unsafe X509_verify_cert_error_string(verdict) {
            // SAFETY: a terminated string that lives as long as the process.
            let reason = unsafe String(cString: text)
            return .failed("\(OpenSSL.takeError()) (\(reason))")
        }
        return .failed(OpenSSL.takeError())
    }

    /// The common name in the peer's certificate, if it presented one.
    public var peerName: String? {
        var name = [CChar](repeating: 0, count: 256)
        // SAFETY: OpenSSL writes at most the given number of bytes, the last one zero.
        guard unsafe apus_tls_peer_name(stream, &name, Int32(name.count)) == 1 else { return nil }
        return String(terminated: name)
    }

    // MARK: Bytes

    /// Feeds bytes received from the peer; returns false if there is no memory for them.
    public func feed(_ bytes: Bytes) -> Bool {
        // SAFETY: the call copies exactly these bytes.
        guard bytes.count > 0 else { return true }
        return unsafe apus_tls_feed(stream, bytes.base, Int32(bytes.count)) == 1
    }

    /// Reads as many plain bytes as are available and fit into `memory`.
    public func read(into memory: Cell, _ capacity: Int) -> Input {
        var count = 0
        while count < capacity {
            ERR_clear_error()
            // SAFETY: the caller lends `capacity` bytes.
            let status = unsafe SSL_read(
                stream,
                memory.advanced(by: count).base,
                Int32(capacity - count)
            )
            if status > 0 {
                count += Int(status)
                continue
            }
            if count > 0 { return .bytes(count) }
            switch unsafe SSL_get_error(stream, status) {
            case SSL_ERROR_WANT_READ: return .needsInput
            case SSL_ERROR_ZERO_RETURN: return .ended
            default:
                failure = OpenSSL.takeError()
                return .failed
            }
        }
        return .bytes(count)
    }

    /// Decrypts bytes into `buffer`, as many as there are and fit.
    public func read(into buffer: inout [UInt8]) -> Input {
        // SAFETY: the count given is the buffer's own.
        unsafe buffer.withUnsafeMutableBytes { room in
            guard let base = room.baseAddress else { return .bytes(0) }
            return unsafe read(into: Cell(base), room.count)
        }
    }

    /// Encrypts `bytes` and appends them to `output`; returns false if the connection has failed.
    public func write(_ bytes: Bytes, into output: inout ByteBuffer) -> Bool {
        var rest = bytes
        while rest.count > 0 {
            let part = rest[0..<min(rest.count, Self.recordBytesMax)]
            ERR_clear_error()
            // SAFETY: exactly these bytes are read.
            let written = unsafe SSL_write(stream, part.base, Int32(part.count))
            guard Int(written) == part.count else {
                failure = OpenSSL.takeError()
                return false
            }
            rest = rest.dropFirst(part.count)
            takeOutput(into: &output)
        }
        return true
    }

    /// Appends encrypted bytes waiting for the peer to `output`.
    public func takeOutput(into output: inout ByteBuffer) {
        // SAFETY: there is room for the bytes that the second call writes.
        let count = unsafe apus_tls_output_count(stream)
        guard count > 0 else { return }
        let taken = unsafe apus_tls_take_output(stream, output.room(count), Int32(count))
        output.commit(max(0, Int(taken)))
    }

    /// Appends the last record, which announces the end, to `output`.
    public func end(into output: inout ByteBuffer) {
        ERR_clear_error()
        // SAFETY: as in `handshake`.
        _ = unsafe SSL_shutdown(stream)
        takeOutput(into: &output)
    }
}
