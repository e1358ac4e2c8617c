internal import Primitives

/// A message to clients that cache keys which have changed.
///
/// ```text
/// RESP3                   >2  invalidate                           [key …]
/// RESP2, redirected to    *3  message     __redis__:invalidate     [key …]
/// ```
/// If all keys are meant, a null replaces the list. Each form is written when it is first needed.
/// The keys are borrowed.
struct Invalidation {
    /// What has changed.
    private enum Scope {
        /// Keys: their number, and their bulk strings one after the other.
        case keys(Int, Bytes)
        case all
    }

    private let scope: Scope
    private var writtenPush: SharedBlock?
    private var writtenMessage: SharedBlock?

    private static let pushHead: StaticString = ">2\r\n$10\r\ninvalidate\r\n"
    private static let messageHead: StaticString =
        "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n"

    /// Creates the message that `count` keys have changed, given as bulk strings, one after the
    /// other.
    init(count: Int, keys: Bytes) { scope = .keys(count, keys) }

    private init() { scope = .all }

    /// The message that all keys have changed.
    static var ofAll: Invalidation { Invalidation() }

    /// The message in RESP3, for the caller to release.
    mutating func push() -> SharedBlock {
        let block = writtenPush ?? block(Invalidation.pushHead, null: "_\r\n")
        writtenPush = block
        block.retain()
        return block
    }

    /// The message for a RESP2 client that receives the invalidations of another, for the caller to
    /// release.
    mutating func message() -> SharedBlock {
        let block = writtenMessage ?? block(Invalidation.messageHead, null: "$-1\r\n")
        writtenMessage = block
        block.retain()
        return block
    }

    private func block(_ head: StaticString, null: StaticString) -> SharedBlock {
        switch scope {
        case .all:
            var writer = PushWriter(byteCount: head.utf8CodeUnitCount + null.utf8CodeUnitCount)
            writer.raw(Bytes(head))
            writer.raw(Bytes(null))
            return writer.block
        case .keys(let count, let keys):
            let countBytes = DecimalText.byteCount(Int64(count)) + 3
            var writer = PushWriter(byteCount: head.utf8CodeUnitCount + countBytes + keys.count)
            writer.raw(Bytes(head))
            writer.head(UInt8(ascii: "*"), count)
            writer.raw(keys)
            return writer.block
        }
    }

    /// The message to a client whose invalidations should go to a client that is gone.
    static func brokenRedirection(to session: UInt64) -> SharedBlock {
        var text = ByteBuffer()
        text.append(">2\r\n$21\r\ntracking-redir-broken\r\n:")
        text.append(decimal: Int64(bitPattern: session))
        text.append("\r\n")
        var writer = PushWriter(byteCount: text.count)
        writer.raw(text.bytes)
        return writer.block
    }

    /// Releases the blocks.
    func release() {
        writtenPush?.release()
        writtenMessage?.release()
    }
}
