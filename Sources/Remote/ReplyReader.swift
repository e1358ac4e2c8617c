internal import Wire

/// Builds replies from RESP bytes that arrive in pieces of any size.
///
/// Attributes (`|`) describe the reply after them; they are read and dropped.
///
/// ## Invariants
/// - `bytes[start...]` is yet to be turned into values; a value is consumed whole or not at all.
/// - `open` holds the incomplete aggregates, outermost first; between two calls, none of them is
///   complete.
/// - `searched` is at or after the first line end of `bytes[start...]` that was not found.
public struct ReplyReader {
    /// How deeply aggregates may be nested.
    public static let depthMax = 128
    private static let lengthMax = 1 << 40

    private struct Aggregate {
        let type: UInt8
        var missing: Int
        var elements: [Reply] = []
    }

    private var bytes: [UInt8] = []
    private var start = 0
    private var searched = 0
    private var open: [Aggregate] = []

    /// Creates a reader for a new connection.
    public init() {}

    /// Appends the next bytes of the stream.
    public mutating func feed(_ more: ArraySlice<UInt8>) {
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.count < 1 << 20)
            (start, searched) = (0, 0)
        } else if start > 1 << 16, start > bytes.count / 2 {
            bytes.removeSubrange(..<start)
            searched = max(searched - start, 0)
            start = 0
        }
        bytes += more
    }

    /// The next complete reply, or nil until more bytes are fed.
    ///
    /// - Throws: `protocolBreach`, after which the stream cannot be followed any more.
    public mutating func next() throws(RemoteFailure) -> Reply? {
        while let lineEnd = endOfLine() {
            let type = bytes[start]
            let line = Array(bytes[(start + 1)..<lineEnd])
            guard let reply = try value(type, line, bodyStart: lineEnd + 2) else {
                if isWaitingForBody { return nil }
                continue
            }
            if let whole = close(with: reply) { return whole }
        }
        // Report a wrong byte at once: its line may never end.
        if start < bytes.count, !Self.types.contains(bytes[start]) {
            throw Self.unknown(bytes[start])
        }
        return nil
    }

    private static let types = Array("+-:$*_,#!=(%~>|".utf8)

    private static func unknown(_ type: UInt8) -> RemoteFailure {
        let shown = QuotedWords.quoted([type]).text
        return .protocolBreach("Protocol error, got \(shown) as reply type byte")
    }

    /// Set by `value` if the body of a string has not arrived yet.
    private var isWaitingForBody = false

    /// The end of the line that starts at `start`, before its CR LF.
    private mutating func endOfLine() -> Int? {
        var index = max(searched, start + 1)
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") {
                return index
            }
            index += 1
        }
        searched = index
        return nil
    }

    private mutating func take(to end: Int) {
        start = end
        searched = end
    }

    /// The value that starts at `start`; nil if it opens an aggregate or is incomplete.
    private mutating func value(
        _ type: UInt8,
        _ line: [UInt8],
        bodyStart: Int
    ) throws(RemoteFailure) -> Reply? {
        isWaitingForBody = false
        switch type {
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            return try string(type, line, bodyStart)
        case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: ">"),
            UInt8(ascii: "|"):
            return try begin(type, line, bodyStart)
        default:
            let reply = try scalar(type, line)
            take(to: bodyStart)
            return reply
        }
    }

    private func scalar(_ type: UInt8, _ line: [UInt8]) throws(RemoteFailure) -> Reply {
        switch type {
        case UInt8(ascii: "+"): return .status(line)
        case UInt8(ascii: "-"): return .error(line)
        case UInt8(ascii: "("): return .bigNumber(line)
        case UInt8(ascii: "_"):
            guard line.isEmpty else { throw .protocolBreach("Bad nil value") }
            return .null
        case UInt8(ascii: ":"):
            guard let number = Int64(line.text) else {
                throw .protocolBreach("Bad integer value")
            }
            return .integer(number)
        case UInt8(ascii: ","):
            guard line.text == "nan" || line.text == "-nan" || Double(line.text) != nil else {
                throw .protocolBreach("Bad double value")
            }
            return .double(line)
        case UInt8(ascii: "#"):
            switch line.lowercase {
            case [UInt8(ascii: "t")]: return .boolean(true)
            case [UInt8(ascii: "f")]: return .boolean(false)
            default: throw .protocolBreach("Bad bool value")
            }
        default:
            throw Self.unknown(type)
        }
    }

    private mutating func string(
        _ type: UInt8,
        _ line: [UInt8],
        _ bodyStart: Int
    ) throws(RemoteFailure) -> Reply? {
        let count = try length(line, "Bad bulk string length")
        if count < 0 {
            take(to: bodyStart)
            return .null
        }
        guard bytes.count - bodyStart >= count + 2 else {
            isWaitingForBody = true
            return nil
        }
        let body = bodyStart..<bodyStart + count
        take(to: bodyStart + count + 2)
        guard type == UInt8(ascii: "=") else {
            let text = Array(bytes[body])
            return type == UInt8(ascii: "!") ? .error(text) : .bulk(text)
        }
        guard count >= 4, bytes[bodyStart + 3] == UInt8(ascii: ":") else {
            throw .protocolBreach(
                "Verbatim string 4 bytes of content type are missing or incorrectly encoded."
            )
        }
        return .verbatim(
            format: Array(bytes[body.prefix(3)]),
            Array(bytes[body.dropFirst(4)])
        )
    }

    private mutating func begin(
        _ type: UInt8,
        _ line: [UInt8],
        _ bodyStart: Int
    ) throws(RemoteFailure) -> Reply? {
        let count = try length(line, "Bad multi-bulk length")
        take(to: bodyStart)
        if count < 0 { return .null }
        let isPaired = type == UInt8(ascii: "%") || type == UInt8(ascii: "|")
        guard count > 0 else {
            return type == UInt8(ascii: "|") ? nil : Self.reply(type, [])
        }
        guard open.count < Self.depthMax else {
            throw .protocolBreach("replies are nested more than \(Self.depthMax) levels deep")
        }
        open.append(Aggregate(type: type, missing: isPaired ? count * 2 : count))
        return nil
    }

    private func length(_ line: [UInt8], _ fault: String) throws(RemoteFailure) -> Int {
        guard let length = Int(line.text), length >= -1, length <= Self.lengthMax else {
            throw .protocolBreach(fault)
        }
        return length
    }

    /// Adds `reply` to the innermost aggregate; returns the outermost reply once that is complete.
    private mutating func close(with reply: Reply) -> Reply? {
        var reply = reply
        while var inner = open.popLast() {
            inner.elements.append(reply)
            inner.missing -= 1
            guard inner.missing == 0 else {
                open.append(inner)
                return nil
            }
            // The reply that an attribute describes comes next.
            if inner.type == UInt8(ascii: "|") { return nil }
            reply = Self.reply(inner.type, inner.elements)
        }
        return reply
    }

    private static func reply(_ type: UInt8, _ elements: [Reply]) -> Reply {
        switch type {
        case UInt8(ascii: "~"): .set(elements)
        case UInt8(ascii: "%"): .map(elements)
        case UInt8(ascii: ">"): .push(elements)
        default: .array(elements)
        }
    }
}
