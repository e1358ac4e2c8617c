public import Primitives

/// Why bytes are not a valid request.
///
/// The connection gets the text after `-ERR ` and is then closed.
public enum ProtocolFailure: Error, Equatable, Sendable {
    case bigInlineRequest, unbalancedQuotes
    case bigCountLine, badCount, unauthenticatedCount
    case bigLengthLine, badLength, unauthenticatedLength
    case expectedLength(got: UInt8)
}

/// Limits on requests.
public struct RequestLimits: Sendable {
    /// The maximum length of a word in bytes (proto-max-bulk-len).
    public var wordBytesMax: Int
    /// Whether the strict limits for unauthenticated clients apply.
    public var unauthenticated: Bool

    /// The maximum number of words in a request.
    ///
    /// Their total size is bounded by client-query-buffer-limit.
    public static let wordsMax = Int(Int32.max)
    /// The maximum length of an inline request, and of a count or length line.
    public static let lineBytesMax = 64 * 1024
    static let unauthenticatedWordsMax = 10
    static let unauthenticatedWordBytesMax = 16384

    /// Creates limits with Redis' defaults.
    public init(wordBytesMax: Int = 512 << 20, unauthenticated: Bool = false) {
        self.wordBytesMax = wordBytesMax
        self.unauthenticated = unauthenticated
    }
}

/// Splits the bytes of a connection into requests: RESP arrays of bulk strings, and inline lines.
///
/// The words of a request point into the given bytes; nothing is copied. The parser keeps its
/// progress within an incomplete request, so that every byte is examined only once however the
/// request arrives (except for the line being read).
///
/// Source: Redis' protocol specification; limits and texts are those of Redis 7.0.
@safe
public struct RESPParser: ~Copyable {
    /// The result of `next`.
    public enum Outcome {
        /// A request: its words were appended to the vector.
        case request
        /// Nothing to run (an empty line or array); bytes were consumed.
        case nothing
        /// The bytes end within a request.
        case incomplete
    }

    /// The number of words of the current array yet to come; zero between requests.
    private var wordsLeft = 0
    /// The length of the word being received, or -1.
    private var wordLength = -1
    /// The words received of an incomplete request: ranges in the query buffer.
    private var received: [Range<Int>] = []

    /// Creates a parser between two requests.
    public init() {}

    /// Whether no request is partially received.
    public var isIdle: Bool { wordsLeft == 0 }

    /// The total length of the word being received, in bytes; nil if there is none.
    public var wordAhead: Int? { wordLength >= 0 ? wordLength : nil }

    /// Whether the word being received is the last of its request.
    public var isLastWord: Bool { wordsLeft == 1 }

    /// The memory used for the words received of an incomplete request, in bytes.
    public var byteCount: Int { received.capacity * MemoryLayout<Range<Int>>.stride }

    /// Adjusts the offsets that the parser holds after `dropped` bytes were removed at the front.
    public mutating func rebase(_ dropped: Int) {
        guard dropped > 0, !received.isEmpty else { return }
        for index in received.indices {
            received[index] =
                received[index].lowerBound - dropped..<received[index].upperBound - dropped
        }
    }

    /// The offset of the first byte that a partially received request needs; `position` if none.
    public func firstNeeded(_ position: Int) -> Int { received.first?.lowerBound ?? position }

    /// Reads one request from `buffer[position...]`, advancing `position` past what was consumed.
    ///
    /// `buffer` is writable, as the words of inline requests are unquoted in place.
    ///
    /// Throws: the reason why the bytes are invalid; the connection cannot be used any further.
    ///
    /// Complexity: O(words) for arrays, O(bytes) for inline requests.
    @inlinable
    public mutating func next(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ limits: RequestLimits,
        into words: inout ArgumentVector
    ) throws(ProtocolFailure) -> Outcome {
        guard position < count else { return .incomplete }
        if _fastPath(isIdle && buffer.byte(position) == UInt8(ascii: "*")) {
            if fastRequest(buffer, count, &position, &words) { return .request }
        }
        return try slowNext(buffer, count, &position, limits, &words)
    }

    /// Parses a complete request of at most nine words of at most 9,999 bytes, the usual kind.
    ///
    /// Returns false and consumes nothing for all others.
    @inlinable
    func fastRequest(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ words: inout ArgumentVector
    ) -> Bool {
        var at = position
        guard count &- at >= 4 else { return false }
        let wordCount = Int(buffer.byte(at &+ 1)) &- Int(UInt8(ascii: "0"))
        guard wordCount > 0, wordCount < 10, buffer.byte(at &+ 2) == UInt8(ascii: "\r") else {
            return false
        }
        at &+= 4
        let start = words.count
        for _ in 0..<wordCount {
            guard count &- at >= 6, buffer.byte(at) == UInt8(ascii: "$") else { break }
            var length = Int(buffer.byte(at &+ 1)) &- Int(UInt8(ascii: "0"))
            guard length >= 0, length < 10 else { break }
            at &+= 2
            while buffer.byte(at) != UInt8(ascii: "\r") {
                let digit = Int(buffer.byte(at)) &- Int(UInt8(ascii: "0"))
                guard digit >= 0, digit < 10, length < 1000, length > 0, at &+ 2 < count else {
                    words.used = start
                    return false
                }
                length = length &* 10 &+ digit
                at &+= 1
            }
            at &+= 2
            guard count &- at >= length &+ 2 else { break }
            words.append(buffer.bytes(at, length))
            at &+= length &+ 2
        }
        guard words.count &- start == wordCount else {
            words.used = start
            return false
        }
        position = at
        return true
    }

    /// Completes the request whose last word, `word`, was received elsewhere.
    ///
    /// The words before it are in `buffer`.
    public mutating func completeWord(
        _ word: Bytes,
        _ buffer: Cell,
        into words: inout ArgumentVector
    ) {
        precondition(wordsLeft == 1 && wordLength == word.count, "not the word being received")
        for range in received { words.append(buffer.bytes(range.lowerBound, range.count)) }
        words.append(word)
        received.removeAll(keepingCapacity: received.count <= 32)
        wordsLeft = 0
        wordLength = -1
    }

    @inline(never)
    @usableFromInline
    mutating func slowNext(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ limits: RequestLimits,
        _ words: inout ArgumentVector
    ) throws(ProtocolFailure) -> Outcome {
        if wordsLeft == 0 {
            guard buffer.byte(position) == UInt8(ascii: "*") else {
                return try inlineRequest(buffer, count, &position, &words)
            }
            guard let line = lineEnd(buffer, count, position) else {
                if count - position > RequestLimits.lineBytesMax { throw .bigCountLine }
                return .incomplete
            }
            let number = DecimalText.integer(buffer.bytes(position + 1, line - position - 1))
            guard let number, number <= RequestLimits.wordsMax else { throw .badCount }
            if limits.unauthenticated, number > RequestLimits.unauthenticatedWordsMax {
                throw .unauthenticatedCount
            }
            position = line + 2
            guard number > 0 else { return .nothing }
            wordsLeft = Int(number)
        }
        while wordsLeft > 0 {
            guard try receiveWord(buffer, count, &position, limits) else { return .incomplete }
        }
        for range in received { words.append(buffer.bytes(range.lowerBound, range.count)) }
        received.removeAll(keepingCapacity: received.count <= 32)
        return .request
    }

    /// Receives one word; returns false if it is incomplete.
    private mutating func receiveWord(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ limits: RequestLimits
    ) throws(ProtocolFailure) -> Bool {
        if wordLength < 0 {
            guard position < count else { return false }
            let line = lineEnd(buffer, count, position)
            if line == nil {
                if count - position > RequestLimits.lineBytesMax { throw .bigLengthLine }
                return false
            }
            guard buffer.byte(position) == UInt8(ascii: "$") else {
                throw .expectedLength(got: buffer.byte(position))
            }
            let end = line ?? position
            let number = DecimalText.integer(buffer.bytes(position + 1, end - position - 1))
            guard let number, number >= 0, number <= limits.wordBytesMax else { throw .badLength }
            if limits.unauthenticated, number > RequestLimits.unauthenticatedWordBytesMax {
                throw .unauthenticatedLength
            }
            position = end + 2
            wordLength = Int(number)
        }
        guard count - position - 2 >= wordLength else { return false }
        received.append(position..<position + wordLength)
        position += wordLength + 2
        wordLength = -1
        wordsLeft -= 1
        return true
    }

    /// The offset of the carriage return that ends the line at `position`; nil without its newline.
    private func lineEnd(_ buffer: Cell, _ count: Int, _ position: Int) -> Int? {
        var at = position
        while at < count {
            if buffer.byte(at) == UInt8(ascii: "\r") { return at + 1 < count ? at : nil }
            at += 1
        }
        return nil
    }

    private mutating func inlineRequest(
        _ buffer: Cell,
        _ count: Int,
        _ position: inout Int,
        _ words: inout ArgumentVector
    ) throws(ProtocolFailure) -> Outcome {
        var newline = position
        while newline < count, buffer.byte(newline) != UInt8(ascii: "\n") { newline += 1 }
        guard newline < count else {
            if count - position > RequestLimits.lineBytesMax { throw .bigInlineRequest }
            return .incomplete
        }
        var end = newline
        if end > position, buffer.byte(end - 1) == UInt8(ascii: "\r") { end -= 1 }
        let start = words.count
        guard QuotedWords.split(buffer, position..<end, into: &words) else {
            words.used = start
            throw .unbalancedQuotes
        }
        position = newline + 1
        return words.count > start ? .request : .nothing
    }
}
