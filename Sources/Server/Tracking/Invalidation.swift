internal import Primitives

/// A message to clients that cache keys which have changed.
///
/// ```text
/// RESP3                   >2  invalidate                           [key …]
/// RESP2, redirected to    *3  message     __redis__:invalidate     [key …]
/// ```
/// If all keys are meant, a null replaces the list.
struct Invalidation {
    /// The message in RESP3.
    let push: SharedBlock
    /// The message for a RESP2 client that receives the invalidations of another.
    let message: SharedBlock

    private static let pushHead: StaticString = ">2\r\n$10\r\ninvalidate\r\n"
    private static let messageHead: StaticString =
        "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n"

    /// Creates the message that `count` keys have changed, given as bulk strings, one after the
    /// other.
    init(count: Int, keys: Bytes) {
        var head = ByteBuffer()
        head.append("*")
        head.append(decimal: Int64(count))
        head.append("\r\n")
        push = Invalidation.block([Bytes(Invalidation.pushHead), head.bytes, keys])
        message = Invalidation.block([Bytes(Invalidation.messageHead), head.bytes, keys])
    }

    /// The message that all keys have changed.
    static var ofAll: Invalidation {
        Invalidation(
            push: block([Bytes(pushHead), Bytes("_\r\n")]),
            message: block([Bytes(messageHead), Bytes("$-1\r\n")])
        )
    }

    private init(push: SharedBlock, message: SharedBlock) {
        self.push = push
        self.message = message
    }

    /// The message to a client whose invalidations should go to a client that is gone.
    static func brokenRedirection(to session: UInt64) -> SharedBlock {
        var text = ByteBuffer()
        text.append(">2\r\n$21\r\ntracking-redir-broken\r\n:")
        text.append(decimal: Int64(bitPattern: session))
        text.append("\r\n")
        return block([text.bytes])
    }

    private static func block(_ parts: [Bytes]) -> SharedBlock {
        var writer = PushWriter(byteCount: parts.reduce(0) { $0 + $1.count })
        for part in parts { writer.raw(part) }
        return writer.block
    }

    /// Releases the blocks.
    func release() {
        push.release()
        message.release()
    }
}
