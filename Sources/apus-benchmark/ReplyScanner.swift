/// Counts the replies in a stream of RESP2 or RESP3 bytes without building a value.
///
/// The stream may be split at any byte: the state of an incomplete reply stays in the scanner.
/// Pushes (`>`) are skipped, as they are not replies; an attribute (`|`) belongs to the value after
/// it. Streamed strings and aggregates (`$?`, `*?`) are supported too.
///
/// ## Invariants
/// - `missing` is positive between two bytes: values still to come in the current reply, or in the
///   innermost streamed aggregate, which counts down from `unbounded` and never reaches zero.
/// - `outer` holds, for each open streamed aggregate, what will be missing when it ends.
struct ReplyScanner {
    /// Why the bytes are not RESP.
    enum Fault: Error, Equatable {
        case unknownType(UInt8)
        case badLength
        case strayEnd
    }

    /// The maximum number of bytes kept of an error's text.
    static let errorTextMax = 512
    private static let unbounded = 1 << 60
    private static let lengthMax = 1 << 40

    /// What the next byte belongs to.
    private enum Part {
        case type
        case line
        case length
        case body
    }

    /// Replies completed since the scanner was made.
    private(set) var replyCount = 0
    /// How many of them were errors.
    private(set) var errorCount = 0
    /// The text of the first error, without its type byte and line end.
    private(set) var errorText: [UInt8] = []

    private var part = Part.type
    private var type: UInt8 = 0
    private var length = 0
    private var isNegative = false
    private var isStreamed = false
    private var bodyLeft = 0

    private var missing = 1
    private var isNested = false
    private var isPush = false
    private var isError = false
    private var outer: [Int] = []

    /// Processes the next bytes of the stream; returns how many replies end in them.
    mutating func scan(_ bytes: Span<UInt8>) throws(Fault) -> Int {
        let before = replyCount
        var index = 0
        while index < bytes.count {
            switch part {
            case .type:
                try begin(bytes[index])
                index += 1
            case .line:
                index = skipLine(bytes, from: index)
            case .length:
                index = try readLength(bytes, from: index)
            case .body:
                index = skipBody(bytes, from: index)
            }
        }
        return replyCount - before
    }

    private mutating func begin(_ byte: UInt8) throws(Fault) {
        type = byte
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "#"),
            UInt8(ascii: "_"), UInt8(ascii: "("):
            part = .line
        case UInt8(ascii: "-"):
            isError = !isNested
            part = .line
        case UInt8(ascii: "!"):
            isError = !isNested
            expectLength()
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: ";"), UInt8(ascii: "*"),
            UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "|"):
            expectLength()
        case UInt8(ascii: ">"):
            isPush = isPush || !isNested
            expectLength()
        case UInt8(ascii: "."):
            guard !outer.isEmpty else { throw .strayEnd }
            part = .line
        default:
            throw .unknownType(byte)
        }
    }

    private mutating func expectLength() {
        part = .length
        length = 0
        isNegative = false
        isStreamed = false
    }

    private mutating func skipLine(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
        if isError { keepErrorText(bytes, start..<index) }
        guard index < bytes.count else { return index }
        part = .type
        if type == UInt8(ascii: "."), let rest = outer.popLast() {
            missing = rest
            endReplyIfComplete()
        } else {
            endValue()
        }
        return index + 1
    }

    private mutating func readLength(_ bytes: Span<UInt8>, from start: Int) throws(Fault) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                length = length * 10 + Int(byte - UInt8(ascii: "0"))
                guard length <= Self.lengthMax else { throw .badLength }
            case UInt8(ascii: "\r"): break
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "?"): isStreamed = true
            case UInt8(ascii: "\n"):
                try endLength()
                return index
            default: throw .badLength
            }
        }
        return index
    }

    private mutating func endLength() throws(Fault) {
        part = .type
        if isNegative {
            endValue()
            return
        }
        switch type {
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            // The chunks of a streamed string follow as values of type `;`.
            if !isStreamed { expectBody() }
        case UInt8(ascii: ";"):
            if length > 0 { expectBody() } else { endValue() }
        case UInt8(ascii: "|"):
            try expectValues(length * 2)
        case UInt8(ascii: "%"):
            try beginAggregate(length * 2)
        default:
            try beginAggregate(length)
        }
    }

    private mutating func expectBody() {
        part = .body
        bodyLeft = length + 2  // Including the CR LF after the body.
    }

    private mutating func skipBody(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let taken = min(bodyLeft, bytes.count - start)
        if isError { keepErrorText(bytes, start..<start + taken) }
        bodyLeft -= taken
        if bodyLeft == 0 {
            part = .type
            if type != UInt8(ascii: ";") { endValue() }
        }
        return start + taken
    }

    private mutating func beginAggregate(_ count: Int) throws(Fault) {
        isNested = true
        if isStreamed {
            outer.append(missing - 1)
            missing = Self.unbounded
        } else {
            try expectValues(count)
            endValue()
        }
    }

    private mutating func expectValues(_ count: Int) throws(Fault) {
        missing += count
        guard missing <= Self.unbounded + Self.lengthMax * 2 else { throw .badLength }
    }

    private mutating func endValue() {
        missing -= 1
        endReplyIfComplete()
    }

    private mutating func endReplyIfComplete() {
        guard missing == 0 else { return }
        missing = 1
        isNested = false
        if isPush {
            isPush = false
            return
        }
        replyCount += 1
        if isError {
            isError = false
            errorCount += 1
        }
    }

    private mutating func keepErrorText(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard errorCount == 0 else { return }
        for index in range where errorText.count < Self.errorTextMax {
            let byte = bytes[index]
            if byte != UInt8(ascii: "\r"), byte != UInt8(ascii: "\n") { errorText.append(byte) }
        }
    }
}
