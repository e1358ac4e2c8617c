internal import Glibc
internal import Primitives
public import System
public import TLS

/// A connection to a server, plain or encrypted by TLS.
///
/// ```text
/// send ─▶ encrypt ─▶ pending ─▶ socket
/// receive ◀─ decrypt ◀───────── socket
/// ```
/// Callers that poll the socket must check `hasMore` before polling, and `hasUnsent` after sending.
///
/// ## Invariants
/// One thread at a time uses it.
public final class Channel: @unchecked Sendable {  // because: one thread at a time
    /// The socket, for callers that wait for several things at once.
    public let socket: Socket
    private let stream: TLSStream?
    /// Encrypted bytes, of which the first `sent` were sent.
    private var pending = ByteBuffer()
    private var sent = 0
    private var block: [UInt8]
    /// Whether there are bytes to receive without waiting for the socket.
    public private(set) var hasMore = false
    /// Why TLS failed, if it did.
    public private(set) var fault: String?

    /// The maximum number of bytes encrypted before they are sent.
    private static let encryptedAtOnce = 1 << 16
    private static let blockBytes = 1 << 16

    /// Creates a channel over a socket, encrypted if there is a `context`.
    ///
    /// - Parameter serverName: The name to send, by which the server may choose its certificate.
    public init(
        _ socket: Socket,
        _ context: TLSContext? = nil,
        serverName: String? = nil
    ) throws(RemoteFailure) {
        self.socket = socket
        guard let context else {
            stream = nil
            block = []
            return
        }
        guard let stream = TLSStream(client: context, serverName: serverName) else {
            throw .couldNotSecure("there is no memory")
        }
        self.stream = stream
        block = [UInt8](repeating: 0, count: Self.blockBytes)
    }

    /// Closes the socket; with TLS, notifies the server first.
    public func close() {
        if let stream, fault == nil, !hasUnsent {
            stream.end(into: &pending)
            _ = flush()
        }
        socket.close()
    }

    // MARK: The handshake

    /// Advances the handshake; returns whether it is complete.
    ///
    /// If not, call this again when the socket is readable or, with `hasUnsent`, writable.
    public func secure() throws(RemoteFailure) -> Bool {
        guard let stream else { return true }
        if flush() != nil { return false }
        while true {
            let progress = stream.handshake()
            stream.takeOutput(into: &pending)
            let obstacle = flush()
            switch progress {
            case .done:
                // Data may have arrived with the end of the handshake.
                hasMore = true
                return !hasUnsent
            case .failed(let reason): throw .handshakeFailed(reason)
            case .needsInput: break
            }
            if case .closed(let error) = obstacle { throw failure(error, call: "send") }
            switch socket.receive(into: &block) {
            case .bytes(let count):
                guard block.withBytes({ stream.feed($0[0..<count]) }) else {
                    throw .couldNotSecure("there is no memory")
                }
            case .wouldBlock: return false
            case .closed(let error): throw failure(error, call: "recv")
            }
        }
    }

    /// Performs the whole handshake within `milliseconds`, or without limit.
    public func secure(within milliseconds: Int?) throws(RemoteFailure) {
        guard stream != nil else { return }
        socket.setNonblocking()
        let start = Clock.monotonicNanoseconds()
        while try !secure() {
            let spent = Int((Clock.monotonicNanoseconds() - start) / 1_000_000)
            let left = milliseconds.map { max(0, $0 - spent) }
            let readiness: Socket.Readiness = hasUnsent ? .writing : .reading
            guard socket.waits(for: readiness, milliseconds: left ?? -1) else { throw .timedOut }
        }
        socket.setBlocking()
    }

    // MARK: Transfers

    /// Whether encrypted bytes wait for room in the socket; `flush` sends them.
    public var hasUnsent: Bool { sent < pending.count }

    /// Sends as much of `bytes` in `range` as possible without waiting; on a blocking socket, at
    /// least some.
    public func send(_ bytes: [UInt8], _ range: Range<Int>) -> Transfer {
        guard let stream else { return socket.send(bytes, range) }
        if let obstacle = flush() { return obstacle }
        let end = min(range.upperBound, range.lowerBound + Self.encryptedAtOnce)
        let part = range.lowerBound..<end
        guard bytes.withBytes({ stream.write($0[part], into: &pending) }) else {
            return fail(stream)
        }
        if case .closed(let error) = flush() { return .closed(error: error) }
        return .bytes(part.count)
    }

    /// Sends pending bytes; returns nil if all were sent, otherwise what prevented it.
    public func flush() -> Transfer? {
        while hasUnsent {
            switch socket.send(pending.bytes.dropFirst(sent)) {
            case .bytes(let count): sent += count
            case let obstacle: return obstacle
            }
        }
        pending.removeAll(keep: Self.encryptedAtOnce * 2)
        sent = 0
        return nil
    }

    /// Receives what has arrived, at most the size of `buffer`, with at most one system call.
    ///
    /// With TLS, the result may be `.wouldBlock` even if the socket blocks: the bytes were part of
    /// a record, or a record of the protocol itself.
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        guard let stream else { return socket.receive(into: &buffer) }
        if hasMore { return decrypt(stream, into: &buffer) }
        switch socket.receive(into: &block) {
        case .bytes(let count):
            guard block.withBytes({ stream.feed($0[0..<count]) }) else {
                return .closed(error: ENOMEM)
            }
            return decrypt(stream, into: &buffer)
        case let other: return other
        }
    }

    private func decrypt(_ stream: TLSStream, into buffer: inout [UInt8]) -> Transfer {
        let result = stream.read(into: &buffer)
        hasMore = result == .bytes(buffer.count)
        // The protocol may require an answer.
        stream.takeOutput(into: &pending)
        if case .closed(let error) = flush() { return .closed(error: error) }
        switch result {
        case .bytes(let count): return .bytes(count)
        case .needsInput: return .wouldBlock
        case .ended: return .closed(error: 0)
        case .failed: return fail(stream)
        }
    }

    private func fail(_ stream: TLSStream) -> Transfer {
        fault = stream.failure ?? "unknown error"
        return .closed(error: EPROTO)
    }

    /// The failure of a transfer that found the connection closed with `error`.
    public func failure(_ error: Int32, call: String) -> RemoteFailure {
        if let fault { return .system(call: call, reason: fault) }
        return RemoteFailure(closed: error, call: call)
    }
}
