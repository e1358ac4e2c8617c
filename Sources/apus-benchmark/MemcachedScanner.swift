/// Counts the replies in a stream of one of memcached's protocols.
///
/// The stream may be split at any byte. A retrieval of several keys has one reply: in the text
/// protocol it ends with `END`; in the others the requests are quiet, and one that comes behind
/// them (`mn`, noop) is answered at the end.
struct MemcachedScanner {
    private static let headByteCount = 24
    private static let lineBytesMax = 2048

    private let isBinary: Bool
    /// Whether quiet requests precede each one that is answered.
    private let isBatched: Bool
    /// The line, or the header, as far as it has come.
    private var head: [UInt8] = []
    /// Bytes of a value and what follows it that are yet to come.
    private var bodyLeft = 0
    /// Whether the reply ends with that value.
    private var endsWithBody = false
    private var isFailure = false
    private var failure: [UInt8] = []

    /// The text of the first error.
    private(set) var errorText: [UInt8]?

    init(_ speech: Speech, isBatched: Bool = false) {
        isBinary = speech == .memcachedBinary
        self.isBatched = isBatched
    }

    /// Processes the next bytes of the stream; returns how many replies end in them.
    mutating func scan(_ bytes: Span<UInt8>) -> Int {
        var replies = 0
        var index = 0
        while index < bytes.count {
            if bodyLeft > 0 {
                let part = min(bodyLeft, bytes.count - index)
                if isFailure { for place in index..<index + part { failure.append(bytes[place]) } }
                bodyLeft -= part
                index += part
                if bodyLeft == 0 { replies += endBody() }
                continue
            }
            let byte = bytes[index]
            index += 1
            head.append(byte)
            if isBinary {
                if head.count == Self.headByteCount { replies += takeHeader() }
            } else if byte == UInt8(ascii: "\n") {
                replies += takeLine()
            } else if head.count > Self.lineBytesMax {
                errorText = errorText ?? head
                return replies
            }
        }
        return replies
    }

    private mutating func endBody() -> Int {
        if isFailure { errorText = errorText ?? failure }
        return endsWithBody ? 1 : 0
    }

    /// A header of the binary protocol; returns the number of replies that end with it.
    private mutating func takeHeader() -> Int {
        defer { head.removeAll(keepingCapacity: true) }
        let status = Int(head[6]) << 8 | Int(head[7])
        bodyLeft = head[8..<12].reduce(0) { $0 << 8 | Int($1) }
        let isNoop = head[1] == 0x0A
        endsWithBody = isNoop || !isBatched
        // A key that is not there is no error.
        isFailure = status > 1 || head[0] != 0x81
        if isFailure, bodyLeft == 0 { errorText = errorText ?? Array("no reply".utf8) }
        return bodyLeft == 0 && endsWithBody ? 1 : 0
    }

    /// A line of the text protocols; returns the number of replies that end with it.
    private mutating func takeLine() -> Int {
        defer { head.removeAll(keepingCapacity: true) }
        if begins("VALUE ") {
            bodyLeft = number(word: 3) + 2
            endsWithBody = false
            return 0
        }
        if begins("VA ") {
            bodyLeft = number(word: 1) + 2
            endsWithBody = !isBatched
            return 0
        }
        if begins("ERROR") || begins("CLIENT_ERROR") || begins("SERVER_ERROR") {
            errorText = errorText ?? head.filter { $0 >= UInt8(ascii: " ") }
        }
        if isBatched, begins("HD") || begins("EN\r") { return 0 }
        return 1
    }

    private func begins(_ text: String) -> Bool { head.starts(with: text.utf8) }

    /// The number in a word of the line.
    private func number(word: Int) -> Int {
        var words = 0
        var number = 0
        for byte in head {
            if byte == UInt8(ascii: " ") {
                words += 1
            } else if words == word, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        return number
    }
}
