public import Primitives

/// Why a connection's bytes are no request; the text goes out after `-ERR `, then the connection
/// ends.
public enum ProtocolFailure: Error, Equatable, Sendable {
    case bigInlineRequest, unbalancedQuotes
    case bigCountLine, badCount, unauthenticatedCount
    case bigLengthLine, badLength, unauthenticatedLength
    case expectedLength(got: UInt8)
}

/// What bounds a request.
public struct RequestLimits: Sendable {
    /// The longest word in bytes (proto-max-bulk-len).
    public var wordBytesMax: Int
    /// Whether the tight limits of clients that have not authenticated hold.
    public var unauthenticated: Bool

    /// The most words in a request; what they take together is bounded by
    /// client-query-buffer-limit.
    public static let wordsMax = Int(Int32.max)
    /// The longest inline request and the longest count or length line.
    public static let lineBytesMax = 64 * 1024
    static let unauthenticatedWordsMax = 10
    static let unauthenticatedWordBytesMax = 16384

    /// The limits with Redis' defaults.
    public init(wordBytesMax: Int = 512 << 20, unauthenticated: Bool = false) {
        self.wordBytesMax = wordBytesMax
        self.unauthenticated = unauthenticated
    }
}

/// Cuts the bytes of a connection into requests: RESP arrays of bulk strings, and inline lines.
///
/// The words that it yields point into the bytes it was given; nothing is copied. A request that is
/// not whole yet leaves its progress in the parser, so that every byte is looked at once however
/// the request is cut (only the line being read is looked at again).
///
/// Source: Redis' protocol specification; limits and texts as Redis 7.0 answers them.
@safe
public struct RESPParser: ~Copyable {
    /// What `next` found.
    public enum Outcome {
        /// A request: its words were appended to the vector.
        case request
        /// Nothing to run (an empty line or array); bytes were consumed.
        case nothing
        /// The bytes end within a request.
        case incomplete
    }

    /// Words of the current array still to come; zero between requests.
    private var wordsLeft = 0
    /// The length of the word being received, or -1.
    private var wordLength = -1
    /// The words received of a request that is not whole: offset and count in the query buffer.
    private var received: [Range<Int>] = []

    /// A parser between two requests.
    public init() {}

    /// Whether no request is half received.
    public var isIdle: Bool { wordsLeft == 0 }

    /// The whole length in bytes of the word being received, and its offset; nil when none is.
    public var wordAhead: Int? { wordLength >= 0 ? wordLength : nil }

    /// Whether the word being received is the last of its request.
    public var isLastWord: Bool { wordsLeft == 1 }

    /// The bytes kept of the words received of a request that is not whole.
    public var byteCount: Int { received.capacity * MemoryLayout<Range<Int>>.stride }

    /// The offsets that the parser holds are moved by as many bytes as were dropped in front.
    public mutating func rebase(_ dropped: Int) {
        guard dropped > 0, !received.isEmpty else { return }
        for index in received.indices {
            received[index] =
                received[index].lowerBound - dropped..<received[index].upperBound - dropped
        }
    }

    /// The first byte of `buffer` still needed by a half-received request; `position` if none.
    public func firstNeeded(_ position: Int) -> Int { received.first?.lowerBound ?? position }

    /// Reads one request from `buffer[position...]`, advancing `position` past what was consumed.
    ///
    /// `buffer` is writable: the words of inline requests are unquoted in place.
    /// Throws: what is wrong; the connection is of no further use.
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

    /// A whole request of at most nine words of at most 9,999 bytes, the usual ones; false, with
    /// nothing consumed, for all others.
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

    /// Ends the request whose last word, `word`, was received elsewhere; the words before it lie in
    /// `buffer`.
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

    /// Receives one word; false when it is not whole yet.
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

    /// The offset of the carriage return that ends the line at `position`, if its newline is there.
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
