internal import Primitives
internal import Structures

/// A push on its way to clients of a worker.
///
/// The block contains the whole push in RESP2, as an array; in RESP3, only the first byte differs,
/// unless there is a second block. The receiver owns a reference to each block.
struct Post: Sendable {
    /// The recipients.
    enum Target: Sendable {
        /// The subscribers of a channel or pattern, whose name is at `name` in the block.
        case audience(ChannelKind, hash: UInt64, name: Range<Int>)
        /// Clients that cache keys.
        case trackers([Tracker])
        /// Clients that receive the invalidations of others.
        case redirected([Redirection])
        /// The monitoring clients, which get a line rather than a push.
        case monitors
        /// Clients that watch a stream of memcached's, which get a line.
        case watchers(WatchStreams)
    }

    /// A client that caches keys, and the client that receives its invalidations.
    struct Redirection: Sendable {
        let tracker: Tracker
        let address: ClientAddress
    }

    let block: SharedBlock
    /// The RESP3 form, if it differs in more than its first byte.
    let pushBlock: SharedBlock?
    let target: Target
    /// The approximate cost of delivering it, in bytes.
    let weight: Int

    /// The cost of one send, in bytes.
    static let weightPerClient = 64

    /// A push for `count` clients.
    init(_ block: SharedBlock, _ target: Target, push: SharedBlock? = nil, count: Int) {
        self.block = block
        pushBlock = push
        self.target = target
        weight = block.count + count * Post.weightPerClient
    }

    /// A push for clients that cache keys, in RESP3.
    init(_ block: SharedBlock, to trackers: [Tracker]) {
        self.init(block, .trackers(trackers), count: trackers.count)
    }

    /// An invalidation for clients that receive those of others.
    init(_ invalidation: inout Invalidation, to redirections: [Redirection]) {
        self.init(
            invalidation.message(),
            .redirected(redirections),
            push: invalidation.push(),
            count: redirections.count
        )
    }
}

/// Writes a push into its own block.
struct PushWriter {
    let block: SharedBlock
    private var position = 0

    /// Creates a block for `byteCount` bytes.
    init(byteCount: Int) { block = SharedBlock(capacity: byteCount) }

    /// The encoded size of a bulk string of `count` bytes.
    static func bulkBytes(_ count: Int) -> Int {
        count + DecimalText.byteCount(Int64(count)) + 5
    }

    mutating func raw(_ bytes: Bytes) {
        block.storage.put(bytes, position)
        position += bytes.count
        block.count = position
    }

    /// Appends a bulk string; returns the range of its bytes.
    @discardableResult
    mutating func bulk(_ bytes: Bytes) -> Range<Int> {
        head(UInt8(ascii: "$"), bytes.count)
        let start = position
        raw(bytes)
        raw(Bytes("\r\n"))
        return start..<start + bytes.count
    }

    /// Appends the header of a bulk string or an array.
    mutating func head(_ type: UInt8, _ count: Int) {
        block.storage.store(type, position)
        position += 1
        let length = DecimalText.byteCount(Int64(count))
        var rest = count
        for place in stride(from: position + length - 1, through: position, by: -1) {
            block.storage.store(UInt8(ascii: "0") + UInt8(rest % 10), place)
            rest /= 10
        }
        position += length
        raw(Bytes("\r\n"))
    }
}

extension Post {
    /// Creates `message channel payload` for the `count` subscribers of a channel.
    ///
    /// The block has one reference.
    static func message(
        _ payload: Bytes,
        on channel: Bytes,
        _ hash: UInt64,
        _ kind: ChannelKind,
        count: Int
    ) -> Post {
        let word = Bytes(kind.messageWord)
        var writer = PushWriter(
            byteCount: 4 + PushWriter.bulkBytes(word.count) + PushWriter.bulkBytes(channel.count)
                + PushWriter.bulkBytes(payload.count)
        )
        writer.head(UInt8(ascii: "*"), 3)
        writer.bulk(word)
        let name = writer.bulk(channel)
        writer.bulk(payload)
        return Post(writer.block, .audience(kind, hash: hash, name: name), count: count)
    }

    /// Creates `pmessage pattern channel payload` for the `count` subscribers of a pattern.
    ///
    /// The block has one reference.
    static func message(
        _ payload: Bytes,
        on channel: Bytes,
        matching pattern: Bytes,
        _ hash: UInt64,
        count: Int
    ) -> Post {
        let word = Bytes(ChannelKind.pattern.messageWord)
        var writer = PushWriter(
            byteCount: 4 + PushWriter.bulkBytes(word.count) + PushWriter.bulkBytes(pattern.count)
                + PushWriter.bulkBytes(channel.count) + PushWriter.bulkBytes(payload.count)
        )
        writer.head(UInt8(ascii: "*"), 4)
        writer.bulk(word)
        let name = writer.bulk(pattern)
        writer.bulk(channel)
        writer.bulk(payload)
        return Post(writer.block, .audience(.pattern, hash: hash, name: name), count: count)
    }
}
