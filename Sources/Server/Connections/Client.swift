internal import Primitives
internal import System
internal import Wire

/// A connection: what is kept of it between two batches.
///
/// One worker owns it. An idle client has no buffers: what arrives is received into the worker's
/// memory, and only the tail of a request that was cut off is kept here.
final class Client {
    /// What a client is or is about to be.
    struct State: OptionSet {
        let rawValue: UInt16
        /// Speaks RESP3.
        static let resp3 = State(rawValue: 1 << 0)
        /// Gave a password, or needs none.
        static let authenticated = State(rawValue: 1 << 1)
        /// Ends once its replies are sent.
        static let closesAfterReply = State(rawValue: 1 << 2)
        /// Has ended; nothing more is received or sent.
        static let closed = State(rawValue: 1 << 3)
        /// Gets no replies (CLIENT REPLY OFF).
        static let repliesOff = State(rawValue: 1 << 4)
        /// Gets no reply to its next command (CLIENT REPLY SKIP).
        static let skipsNext = State(rawValue: 1 << 5)
        /// Is never evicted (CLIENT NO-EVICT).
        static let noEvict = State(rawValue: 1 << 6)
        /// Does not count as an access (CLIENT NO-TOUCH).
        static let noTouch = State(rawValue: 1 << 7)
        /// Came by a unix socket.
        static let unix = State(rawValue: 1 << 8)
        /// Waits for room to send.
        static let sending = State(rawValue: 1 << 9)
        /// Has requests that wait (`postponement`); nothing is received from it.
        static let postponed = State(rawValue: 1 << 10)
        /// Has replies among those that wait for the end of the round.
        static let replied = State(rawValue: 1 << 11)
        /// The ring receives what it sends.
        static let receiving = State(rawValue: 1 << 12)
    }

    /// What few clients tell of themselves.
    struct Details {
        var name: [UInt8] = []
        var libraryName: [UInt8] = []
        var libraryVersion: [UInt8] = []
    }

    let descriptor: Int32
    let id: UInt64
    var state: State = []
    var database: UInt16 = 0
    /// The command that ran last: its row, or -1.
    var lastRow: Int32 = -1
    /// Seconds of the monotonic clock.
    let createdAt: Int64
    var lastActiveAt: Int64
    var parser = RESPParser()
    /// Bytes received that no request has used yet.
    var query = ByteBuffer()
    /// How many of them the parser has looked at.
    var parsed = 0
    /// Replies that the socket had no room for.
    var output: OutputQueue?
    var details: Details?
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var commandCount: UInt64 = 0
    /// Since when more than the soft limit is waiting (seconds), or zero.
    var softLimitSince: Int64 = 0
    /// The window of `Arrivals` in which it sent last.
    var arrivedIn: UInt32 = 0
    /// The large word being received into a block of its own, if one is.
    var incoming: IncomingBlock?
    /// The requests that wait, if some do.
    var postponement: Postponement?

    init(descriptor: Int32, id: UInt64, now: Int64) {
        self.descriptor = descriptor
        self.id = id
        createdAt = now
        lastActiveAt = now
    }

    /// Tells what was asked for on its descriptor from what an earlier owner of it asked for.
    var mark: UInt32 { UInt32(truncatingIfNeeded: id) & (1 << UInt32(CompletionRing.markBits) - 1) }

    /// The bytes of replies that wait.
    var outputBytes: Int { output?.byteCount ?? 0 }
}

/// The last word of a large request, received straight into the block that becomes its value.
final class IncomingBlock {
    let block: SharedBlock
    /// The word's length; two more bytes of line end follow it.
    let length: Int
    var lineEndLeft = 2

    /// Room for a word of `length` bytes; nil where there is no memory for one.
    init?(length: Int) {
        guard let block = SharedBlock(ifAvailable: length) else { return nil }
        self.block = block
        self.length = length
    }

    deinit { block.release() }
}
