internal import Primitives
internal import Wire

/// Complete requests that were set aside, in order, in one buffer.
///
/// ```text
/// ┌───────┬─────────┬─────────┬───┬───────┬───────┬───┬───────
/// │ words │ length  │ length  │ … │ bytes │ bytes │ … │ words …    numbers of 4 bytes
/// └───────┴─────────┴─────────┴───┴───────┴───────┴───┴───────
/// ```
/// The last word of a large request stays in the block that received it: bit 31 of the number of
/// words is then set, and the word has neither a length nor bytes here.
///
/// ## Invariants
/// `start` is the offset of the first request in `buffer`; `blocks` holds the blocks of those
/// requests that have one, in order, with one reference each.
struct RequestQueue: ~Copyable {
    private static let hasBlock: UInt32 = 1 << 31

    private var buffer = ByteBuffer()
    private var start = 0
    private var blocks: [SharedBlock] = []
    /// The number of requests.
    private(set) var count = 0

    /// Creates an empty queue with room for `capacity` bytes of requests.
    init(capacity: Int = 0) { if capacity > 0 { buffer.reserve(capacity) } }

    deinit {
        for block in blocks { block.release() }
    }

    /// The memory of the queue, in bytes.
    var byteCount: Int { buffer.capacity + blocks.reduce(0) { $0 + $1.byteCount } }

    /// Appends a request.
    ///
    /// `received` is the block of its last word, if that was received into one.
    ///
    /// Complexity: O(bytes).
    mutating func append(_ arguments: Arguments, received: SharedBlock?) {
        let copied = arguments.count - (received == nil ? 0 : 1)
        let flag = received == nil ? 0 : RequestQueue.hasBlock
        buffer.append(littleEndian: UInt32(truncatingIfNeeded: arguments.count) | flag)
        for index in 0..<copied {
            buffer.append(littleEndian: UInt32(truncatingIfNeeded: arguments[index].count))
        }
        for index in 0..<copied { buffer.append(arguments[index]) }
        if let received {
            received.retain()
            blocks.append(received)
        }
        count += 1
    }

    /// The position of a request.
    struct Place {
        fileprivate var start: Int
        fileprivate var block: Int
    }

    /// The position of the first request.
    var first: Place { Place(start: start, block: 0) }

    /// Calls `word` with each word of the request at `place`, and moves `place` to the next
    /// request.
    ///
    /// Returns the block of the last word, if it has one. The words are borrowed until the queue
    /// changes.
    func read(_ place: inout Place, _ word: (Bytes) -> Void) -> SharedBlock? {
        let (copied, hasBlock) = head(at: place.start)
        var lengths = place.start + 4
        var bytes = lengths + copied * 4
        for _ in 0..<copied {
            let length = Int(buffer.cell.load(lengths, as: UInt32.self))
            word(buffer.cell.bytes(bytes, length))
            lengths += 4
            bytes += length
        }
        place.start = bytes
        guard hasBlock else { return nil }
        defer { place.block += 1 }
        word(blocks[place.block].bytes)
        return blocks[place.block]
    }

    /// As `read`, for the first request.
    func readFirst(_ word: (Bytes) -> Void) -> SharedBlock? {
        precondition(count > 0, "the queue is empty")
        var place = first
        return read(&place, word)
    }

    /// Removes the first request, which has run.
    ///
    /// Complexity: O(words).
    mutating func removeFirst() {
        precondition(count > 0, "the queue is empty")
        let head = head(at: start)
        var end = start + 4 + head.copied * 4
        for index in 0..<head.copied {
            end += Int(buffer.cell.load(start + 4 + index * 4, as: UInt32.self))
        }
        start = end
        count -= 1
        if head.hasBlock { blocks.removeFirst().release() }
        if count == 0 {
            buffer.removeAll(keep: 0)
            start = 0
        }
    }

    private func head(at start: Int) -> (copied: Int, hasBlock: Bool) {
        let head: UInt32 = buffer.cell.load(start)
        let words = Int(head & ~RequestQueue.hasBlock)
        let hasBlock = head & RequestQueue.hasBlock != 0
        return (words - (hasBlock ? 1 : 0), hasBlock)
    }
}
