internal import Commands
internal import Primitives
internal import Wire

/// What a connection keeps for memcached's protocols, of which it speaks one.
final class MemcachedStream {
    /// What reads its requests: decided by its first byte, unless the configuration has decided.
    enum Speech: Sendable {
        case undecided, text, binary

        /// Its name in `stats settings`.
        var name: String {
            switch self {
            case .undecided: "auto-negotiate"
            case .text: "ascii"
            case .binary: "binary"
            }
        }
    }

    private(set) var speech: Speech
    private var text = MemcachedParser()
    private var binary = BinaryParser()
    /// Whether a SASL client is yet to send its name and password.
    var hasBegunSASL = false

    init(_ wanted: Speech) { speech = wanted }

    /// The protocol of its replies.
    var dialect: ReplyDialect { speech == .binary ? .memcachedBinary : .memcachedText }

    /// Decides on the protocol by the first byte of the first request.
    func decide(_ first: UInt8) {
        guard speech == .undecided else { return }
        speech = first == BinaryHeader.requestMagic ? .binary : .text
    }

    /// Reads one request; see `MemcachedParser` and `BinaryParser`.
    @inline(__always)
    func next(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ limits: MemcachedLimits,
        into words: inout ArgumentVector
    ) -> MemcachedParser.Outcome {
        if _slowPath(speech == .binary) {
            return binary.next(buffer, count, &position, limits, into: &words)
        }
        return text.next(buffer, count, &position, limits, into: &words)
    }

    // MARK: Large values

    /// The length of the value being received; nil if there is none.
    var valueAhead: Int? { speech == .binary ? binary.valueAhead : text.valueAhead }

    /// The number of bytes of the request before that value.
    var headByteCount: Int { speech == .binary ? binary.headByteCount : text.headByteCount }

    /// The number of bytes that follow a value.
    var tailByteCount: Int { speech == .binary ? 0 : 2 }

    /// Completes a request whose value was received elsewhere; `head` holds what came before it.
    func complete(
        _ head: Cell,
        _ incoming: IncomingBlock,
        into words: inout ArgumentVector
    ) -> MemcachedCommand {
        let value = incoming.block.bytes
        guard speech == .binary else {
            return text.complete(head, value, isWhole: incoming.hasLineEnd, into: &words)
        }
        return binary.complete(head, value, into: &words)
    }
}
