internal import Primitives
internal import System
internal import Wire

/// How bytes come from a client and go to it: a socket, and what is kept of it between two rounds.
///
/// One worker owns it. An idle connection has no buffers: what arrives is received into the
/// worker's memory, and only the tail of an incomplete request is kept here.
final class Connection {
    /// What a connection is or is about to be.
    struct State: OptionSet {
        let rawValue: UInt32
        /// Came by a unix socket.
        static let unix = State(rawValue: 1 << 0)
        /// Has ended; nothing more is received or sent.
        static let closed = State(rawValue: 1 << 1)
        /// Ends once its replies are sent; none of its further requests run.
        static let closesAfterReply = State(rawValue: 1 << 2)
        /// The other side sends no more: ends once what it has sent is answered.
        static let inputEnded = State(rawValue: 1 << 3)
        /// Waits for room to send.
        static let sending = State(rawValue: 1 << 4)
        /// Has requests that wait (`waiting`).
        static let waits = State(rawValue: 1 << 5)
        /// Has replies among those that wait for the end of the round.
        static let replied = State(rawValue: 1 << 6)
        /// The driver receives what it sends.
        static let receiving = State(rawValue: 1 << 7)
        /// Has sent so much while it waits that nothing more is received.
        static let full = State(rawValue: 1 << 8)
        /// The driver was asked to tell of the end of its input, and has not done so.
        static let watchesEnd = State(rawValue: 1 << 9)
        /// The end of its input has been seen, though not what comes before.
        static let endSeen = State(rawValue: 1 << 10)

        /// Those with which no request runs.
        static let idle: State = [.closed, .closesAfterReply, .waits]
    }

    /// What has gone either way, and when.
    struct Traffic {
        /// Seconds of the monotonic clock.
        let beganAt: Int64
        var lastAt: Int64
        var bytesReceived: UInt64 = 0
        var bytesSent: UInt64 = 0
        /// Since when more than the soft limit has waited to be sent (seconds), or zero.
        var softLimitSince: Int64 = 0
    }

    /// The bytes that a connection may send while its requests wait, before they are left in the
    /// socket.
    static let heldBytesMax = 64 * 1024

    let descriptor: Int32
    let session: Session
    var state: State = []
    var parser = RESPParser()
    /// Bytes received that no request has used yet.
    var query = ByteBuffer()
    /// How many of them the parser has looked at.
    var parsed = 0
    /// The large word being received into a block of its own, if there is one.
    var incoming: IncomingBlock?
    /// Replies that the socket had no room for.
    var output: OutputQueue?
    /// The requests that wait, if there are some.
    var waiting: WaitingRequests?
    var traffic: Traffic
    /// Its place among the finished replies of the round, if it is `.replied`.
    var finishedPlace = 0
    /// The window of `Arrivals` in which it sent last.
    var arrivedIn: UInt32 = 0

    init(descriptor: Int32, session: Session, now: Int64) {
        self.descriptor = descriptor
        self.session = session
        traffic = Traffic(beganAt: now, lastAt: now)
    }

    /// Tells what was asked for on its descriptor from what an earlier owner of it asked for.
    var mark: UInt32 {
        UInt32(truncatingIfNeeded: session.id) & (1 << UInt32(CompletionRing.markBits) - 1)
    }

    /// The bytes of a request that has begun, with what is known of its words.
    var requestBytes: Int { query.count + parser.byteCount + (incoming?.block.count ?? 0) }

    /// The bytes kept for it.
    var bufferBytes: Int {
        query.capacity + parser.byteCount + outputBytes + (incoming?.block.capacity ?? 0)
    }

    /// The bytes of replies that wait.
    var outputBytes: Int { output?.byteCount ?? 0 }

    /// Whether something is to be received.
    var wantsInput: Bool { state.isDisjoint(with: [.closed, .inputEnded, .full]) }

    /// The address of one of its ends.
    func address(peer: Bool, unixPath: String) -> String {
        Socket(descriptor).name(peer: peer, unixPath: unixPath)
    }
}
