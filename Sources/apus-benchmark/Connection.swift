internal import Remote

/// A connection of a load loop: what was sent over it and what has come back.
struct Connection {
    let channel: Channel
    private var scanner: StreamScanner

    /// Whether the connection is still being made, or its handshake is under way.
    var isConnecting: Bool
    var isSecuring = false
    /// Replies to the greeting (AUTH, SELECT, HELLO) yet to come.
    var greetingsOwed = 0
    /// Requests sent and not replied to yet.
    var inFlight = 0
    /// Closed loop: when the batch in flight was sent, in nanoseconds.
    var sentAt: Int64 = 0
    /// Open loop: the number of the first request without a reply, which tells when it was due.
    var firstUnanswered = 0

    /// Bytes that the kernel has not accepted yet; nearly always empty.
    var unsent: [UInt8] = []
    var unsentStart = 0

    /// Whether bytes wait until the kernel has room for them.
    var isWaitingForRoom: Bool { !unsent.isEmpty || channel.hasUnsent }

    init(_ channel: Channel, scanner: StreamScanner, isConnecting: Bool) {
        self.channel = channel
        self.scanner = scanner
        self.isConnecting = isConnecting
    }

    /// Processes the first `count` of `bytes`; returns how many requests they reply to.
    mutating func take(_ bytes: [UInt8], _ count: Int) throws(LoadFailure) -> Int {
        var replies = try scanner.scan(bytes.span.extracting(0..<count))
        if greetingsOwed > 0 {
            let greetings = min(replies, greetingsOwed)
            greetingsOwed -= greetings
            replies -= greetings
        }
        guard replies <= inFlight else { throw .unaskedReply }
        inFlight -= replies
        return replies
    }
}
