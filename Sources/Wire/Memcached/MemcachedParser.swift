public import Primitives

/// Limits on requests of memcached's protocols.
public struct MemcachedLimits: Sendable {
    /// The maximum size of an item, computed as memcached does (`-I`).
    public var itemBytesMax: Int
    /// Whether the client must authenticate first.
    public var unauthenticated: Bool

    /// The longest key, in bytes.
    public static let keyBytesMax = 250
    /// The maximum length of a line that is not a retrieval, unless the whole line has arrived.
    static let lineBytesMax = 2048
    /// What memcached adds to key, flags and value: an item's header with its CAS, a zero byte
    /// after the key, and a line end after the value.
    private static let itemOverhead = 48 + 8 + 1 + 2
    /// The maximum number of bytes that a request may announce as its value.
    static let valueBytesMax = Int(Int32.max) - 2

    /// Creates limits.
    public init(itemBytesMax: Int = 1 << 20, unauthenticated: Bool = false) {
        self.itemBytesMax = itemBytesMax
        self.unauthenticated = unauthenticated
    }

    /// Whether an item is small enough to be stored.
    public func allowsItem(key: Int, value: Int, hasFlags: Bool) -> Bool {
        MemcachedLimits.itemOverhead + key + value + (hasFlags ? 4 : 0) <= itemBytesMax
    }
}

/// Splits the bytes of a connection into requests of memcached's text protocol.
///
/// The words of a request point into the given bytes; nothing is copied. A retrieval of several
/// keys becomes as many requests for one key each, so that all keys are prefetched together and
/// each needs only one lock; the last one has an additional word, which requests the end of the
/// reply.
///
/// ```text
/// get, gets     name key [END]
/// gat, gats     name key exptime [END]
/// set … cas     name key flags exptime cas noreply value     cas and noreply may be empty
/// delete        name key noreply
/// incr, decr    name key delta noreply
/// touch         name key exptime noreply
/// meta protocol see `MemcachedParser+Meta`
/// others        the words of the line
/// ```
///
/// ## Invariants
/// `keyAt < lineEnd` only between the requests of one retrieval, whose line is in the given bytes.
@safe
public struct MemcachedParser: ~Copyable {
    /// The result of `next`.
    public enum Outcome {
        /// A request: its words were appended to the vector.
        case request(MemcachedCommand)
        /// Nothing to run; bytes were consumed.
        case nothing
        /// The bytes end within a request.
        case incomplete
        /// The client does not send requests; the connection must be closed.
        case ends
    }

    var ahead = BytesAhead()
    /// How many bytes of an incomplete line are known to contain no line end.
    private var scanned = 0
    /// The rest of the line of a retrieval: its keys, and the start of the next line.
    var keyAt = 0
    var lineEnd = 0
    var lineNext = 0
    /// The kind of retrieval.
    var command = MemcachedCommand.get
    var touchTime = Bytes()

    /// Creates a parser between two requests.
    public init() {}

    /// The length of the value being received, in bytes; nil if there is none.
    public var valueAhead: Int? { ahead.valueLength }

    /// The number of bytes of the request before that value: its line.
    public var headByteCount: Int { ahead.headByteCount }

    /// Reads one request from `buffer[position...]`, advancing `position` past what was consumed.
    ///
    /// Complexity: O(bytes of its line), O(bytes of a key for retrievals).
    public mutating func next(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ limits: MemcachedLimits,
        into words: inout ArgumentVector
    ) -> Outcome {
        if keyAt < lineEnd { return nextKey(buffer, &position, into: &words) }
        guard position < count else { return .incomplete }
        if _slowPath(ahead.skipped > 0) {
            ahead.skip(count, &position)
            return .nothing
        }
        let bytes = buffer.bytes(position, count - position)
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n"), from: scanned) else {
            return unfinishedLine(bytes)
        }
        scanned = 0
        ahead.expectNothing()
        lineNext = position + end + 1
        let hasReturn = end > 0 && bytes[end - 1] == UInt8(ascii: "\r")
        var line = MemcachedLine(buffer, position, position + end - (hasReturn ? 1 : 0))
        return request(&line, count, &position, limits, into: &words)
    }

    /// Handles a line that is incomplete, or too long to be one.
    private mutating func unfinishedLine(_ bytes: Bytes) -> Outcome {
        scanned = bytes.count
        guard bytes.count > MemcachedLimits.lineBytesMax else { return .incomplete }
        var start = 0
        while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
        let head = bytes[min(start, bytes.count)..<min(start + 5, bytes.count)]
        let isRetrieval = head == Bytes("gets ") || head[0..<min(4, head.count)] == Bytes("get ")
        return isRetrieval && start <= 100 ? .incomplete : .ends
    }

    // MARK: Lines

    private mutating func request(
        _ line: inout MemcachedLine,
        _ count: Int,
        _ position: inout Int,
        _ limits: MemcachedLimits,
        into words: inout ArgumentVector
    ) -> Outcome {
        let start = position
        guard let name = line.word() else {
            position = lineNext
            return refuse("ERROR", into: &words)
        }
        if _slowPath(limits.unauthenticated) {
            return credentials(name, &line, count, &position, into: &words)
        }
        guard let command = MemcachedCommand(name) else {
            position = lineNext
            if line.lastWord(from: start).hasPrefix("HTTP/") { return .ends }
            return refuse("ERROR", into: &words)
        }
        self.command = command
        switch command {
        case .get, .gets, .gat, .gats: return retrieval(&line, &position, into: &words)
        case .set, .add, .replace, .append, .prepend, .cas:
            return storage(&line, count, &position, limits, into: &words)
        case .ms: return metaStorage(&line, count, &position, limits, into: &words)
        case .mg, .md, .ma, .me:
            position = lineNext
            return metaRequest(&line, into: &words)
        case .delete, .incr, .decr, .touch:
            position = lineNext
            return change(&line, into: &words)
        default:
            position = lineNext
            words.append(Bytes(command.name))
            var room = MemcachedLine.wordsMax
            while room > 0, let word = line.word() {
                words.append(word)
                room -= 1
            }
            return .request(command)
        }
    }

    /// A request whose only effect is the reply `text`.
    func refuse(
        _ text: StaticString,
        isQuiet: Bool = false,
        into words: inout ArgumentVector
    ) -> Outcome {
        words.append(Bytes(MemcachedCommand.error.name))
        words.append(isQuiet ? Bytes() : Bytes(text))
        return .request(.error)
    }

    static let badLine: StaticString = "CLIENT_ERROR bad command line format"

    // MARK: Retrievals

    private mutating func retrieval(
        _ line: inout MemcachedLine,
        _ position: inout Int,
        into words: inout ArgumentVector
    ) -> Outcome {
        position = lineNext
        let touches = command == .gat || command == .gats
        if touches {
            guard let time = line.word() else { return refuse("ERROR", into: &words) }
            touchTime = time
        }
        let first = line.position
        var keyCount = 0
        while let key = line.word() {
            guard key.count <= MemcachedLimits.keyBytesMax else {
                return refuse(MemcachedParser.badLine, into: &words)
            }
            keyCount += 1
        }
        guard keyCount > 0 else { return refuse(touches ? "END" : "ERROR", into: &words) }
        if touches, MemcachedNumber.signed(touchTime) == nil {
            return refuse("CLIENT_ERROR invalid exptime argument", into: &words)
        }
        keyAt = first
        lineEnd = line.end
        return nextKey(line.buffer, &position, into: &words)
    }

    /// The next of the requests that make up a retrieval.
    private mutating func nextKey(
        _ buffer: Cell,
        _ position: inout Int,
        into words: inout ArgumentVector
    ) -> Outcome {
        var line = MemcachedLine(buffer, keyAt, lineEnd)
        guard let key = line.word() else { preconditionFailure("a retrieval has a key left") }
        words.append(Bytes(command.name))
        words.append(key)
        if command == .gat || command == .gats { words.append(touchTime) }
        keyAt = line.position
        if line.isAtEnd {
            keyAt = lineEnd
            words.append(Bytes("END"))
        }
        return .request(command)
    }
}

extension Bytes {
    /// Whether these bytes start with `prefix`.
    fileprivate func hasPrefix(_ prefix: StaticString) -> Bool {
        let prefix = Bytes(prefix)
        return count >= prefix.count && self[0..<prefix.count] == prefix
    }
}

/// A line whose words are separated by spaces, parsed from left to right.
struct MemcachedLine {
    /// The maximum number of words parsed.
    static let wordsMax = 24

    let buffer: Cell
    private(set) var position: Int
    let end: Int

    init(_ buffer: Cell, _ start: Int, _ end: Int) {
        self.buffer = buffer
        position = start
        self.end = end
    }

    /// Whether only spaces are left.
    var isAtEnd: Bool {
        mutating get {
            while position < end, buffer.byte(position) == UInt8(ascii: " ") { position &+= 1 }
            return position == end
        }
    }

    /// The next word, or nil at the end.
    @inline(__always)
    mutating func word() -> Bytes? {
        guard !isAtEnd else { return nil }
        let start = position
        while position < end, buffer.byte(position) != UInt8(ascii: " ") { position &+= 1 }
        return buffer.bytes(start, position &- start)
    }

    /// The last word of the line after `start`.
    func lastWord(from start: Int) -> Bytes {
        var line = MemcachedLine(buffer, start, end)
        var last = Bytes()
        while let word = line.word() { last = word }
        return last
    }
}
