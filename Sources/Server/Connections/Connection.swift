internal import Primitives
internal import System
internal import TLS
internal import Wire

/// A client's connection: a socket, and the data kept for it between two rounds.
///
/// It belongs to one worker. An idle connection has no buffers: data is received into the worker's
/// memory, and only the tail of an incomplete request is kept here.
final class Connection {
    /// The state of a connection.
    struct State: OptionSet {
        let rawValue: UInt32
        /// It came through a unix socket.
        static let unix = State(rawValue: 1 << 0)
        /// It is closed; nothing more is received or sent.
        static let closed = State(rawValue: 1 << 1)
        /// It will be closed once its replies are sent; none of its further requests run.
        static let closesAfterReply = State(rawValue: 1 << 2)
        /// The peer sends no more: it will be closed once everything received has been replied to.
        static let inputEnded = State(rawValue: 1 << 3)
        /// Its socket is not writable, and replies are waiting.
        static let sending = State(rawValue: 1 << 4)
        /// It has waiting requests (`waiting`).
        static let waits = State(rawValue: 1 << 5)
        /// It has replies to be sent at the end of the round.
        static let replied = State(rawValue: 1 << 6)
        /// The driver receives from it.
        static let receiving = State(rawValue: 1 << 7)
        /// It has sent so much while waiting that nothing more is received for now.
        static let full = State(rawValue: 1 << 8)
        /// The driver has been asked to report the end of its input, and has not done so yet.
        static let watchesEnd = State(rawValue: 1 << 9)
        /// The end of its input has been seen, though perhaps not everything before it.
        static let endSeen = State(rawValue: 1 << 10)

        /// It speaks one of memcached's protocols (`memcached`).
        static let memcached = State(rawValue: 1 << 11)

        /// It may speak any protocol, and has not said enough to tell which (`protocol-detection`).
        static let undetected = State(rawValue: 1 << 12)

        /// States in which its bytes may not be RESP.
        static let foreign: State = [.memcached, .undetected]

        /// States in which no request runs.
        static let idle: State = [.closed, .closesAfterReply, .waits]
    }

    /// The amounts transferred in both directions, and when.
    struct Traffic {
        /// Seconds of the monotonic clock.
        let beganAt: Int64
        var lastAt: Int64
        var bytesReceived: UInt64 = 0
        var bytesSent: UInt64 = 0
        /// Since when more than the soft limit has been waiting to be sent (seconds), or zero.
        var softLimitSince: Int64 = 0
    }

    /// The maximum number of bytes to receive while requests wait; more is left in the socket.
    static let heldBytesMax = 64 * 1024

    let descriptor: Int32
    let session: Session
    var state: State = []
    var parser = RESPParser()
    /// Parses its requests in place of `parser` if it speaks one of memcached's protocols.
    var memcached: MemcachedStream?
    /// Received bytes that no request has used yet.
    var query = ByteBuffer()
    /// How many of them have been parsed.
    var parsed = 0
    /// The large word being received into its own block, if any.
    var incoming: IncomingBlock?
    /// Replies waiting until the socket is writable.
    var output: OutputQueue?
    /// The TLS state, if the connection uses TLS.
    var stream: TLSStream?
    /// The waiting requests, if any.
    var waiting: WaitingRequests?
    var traffic: Traffic
    /// Its index among the finished replies of the round, if it is `.replied`.
    var finishedPlace = 0
    /// The window of `Arrivals` in which it last sent something.
    var arrivedIn: UInt32 = 0

    init(descriptor: Int32, session: Session, now: Int64) {
        self.descriptor = descriptor
        self.session = session
        traffic = Traffic(beganAt: now, lastAt: now)
    }

    /// Distinguishes requests on its descriptor from those made for an earlier connection.
    var mark: UInt32 {
        UInt32(truncatingIfNeeded: session.id) & (1 << UInt32(CompletionRing.markBits) - 1)
    }

    /// The bytes of a partially received request, including the parser's record of its words.
    var requestBytes: Int { query.count + parser.byteCount + (incoming?.block.count ?? 0) }

    /// The memory of its buffers in bytes.
    var bufferBytes: Int {
        query.capacity + parser.byteCount + outputBytes + (incoming?.block.capacity ?? 0)
            + (stream == nil ? 0 : TLSStream.byteCount)
    }

    /// Drops what has been parsed of the received bytes, up to `position`, and is not needed.
    func dropParsed(upTo position: Int) {
        let needed = parser.firstNeeded(position)
        query.removeFirst(needed)
        parser.rebase(needed)
        parsed = position - needed
        if query.count == 0 { query.removeAll(keep: 0) }
    }

    /// Continues to receive a large word with the other bytes rather than into its own block.
    func restoreIncoming() {
        guard let incoming else { return }
        query.append(incoming.block.bytes)
        query.append(Bytes("\r\n")[0..<2 - incoming.lineEndLeft])
        self.incoming = nil
    }

    /// The queue for replies, created if necessary.
    func openOutput() -> OutputQueue {
        if let output { return output }
        let queue = OutputQueue(stream)
        output = queue
        return queue
    }

    /// The bytes of replies waiting to be sent.
    var outputBytes: Int { output?.byteCount ?? 0 }

    /// Whether to receive anything.
    var wantsInput: Bool { state.isDisjoint(with: [.closed, .inputEnded, .full]) }

    /// The address of one end.
    func address(peer: Bool, unixPath: String) -> String {
        Socket(descriptor).name(peer: peer, unixPath: unixPath)
    }
}
