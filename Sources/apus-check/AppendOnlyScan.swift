internal import Primitives

/// Reads the commands of an append-only file as far as they are complete.
///
/// Describes problems in the words of redis-check-aof.
struct AppendOnlyScan {
    /// How the scan ended.
    enum End: Equatable {
        /// At the end of the file, or at a problem.
        case through
        /// Before an annotation with a later time than requested.
        case later
    }

    private let bytes: Bytes
    /// The file's name, for messages.
    private let name: String
    private var position: Int
    /// The start of the last number or word.
    private var lastStart: Int
    /// The end of the last complete command or transaction.
    private(set) var soundEnd: Int
    /// The current line number, with each word counted as a line.
    private(set) var line = 1
    /// The problem, if any.
    private(set) var problem: String?
    private var isInTransaction = false

    /// The maximum number of bytes read of a line with a number.
    private static let lineBytesMax = 127

    /// Scans `bytes` from `start` on.
    init(_ bytes: Bytes, from start: Int, name: String) {
        self.bytes = bytes
        self.name = name
        position = start
        lastStart = start
        soundEnd = start
    }

    /// Scans to the end, or to the first annotation later than `time` (seconds since 1970).
    mutating func run(until time: Int64?) -> End {
        while position < bytes.count {
            if !isInTransaction { soundEnd = position }
            switch bytes[position] {
            case UInt8(ascii: "#"):
                let written = annotation()
                if let time, let written, written > time { return .later }
            case UInt8(ascii: "*"):
                guard command() else { return .through }
            default:
                problem = problem ?? "AOF \(name) format error"
                return .through
            }
        }
        if isInTransaction {
            fail(lastStart, "Reached EOF before reading EXEC for MULTI")
        } else {
            soundEnd = position
        }
        return .through
    }

    private mutating func fail(_ offset: Int, _ text: String) {
        let digits = String(offset, radix: 16)
        let room = String(repeating: " ", count: max(0, 16 - digits.count))
        problem = "0x\(room)\(digits): \(text)"
    }

    /// Reads a line that starts with `#`; returns the time in it, if any.
    private mutating func annotation() -> Int64? {
        var end = position
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        let text = bytes[position..<end].string
        position = min(end + 1, bytes.count)
        guard text.hasPrefix("#TS:") else { return nil }
        return Int64(text.dropFirst(4).prefix { $0 != "\r" })
    }

    private mutating func command() -> Bool {
        guard let count = number(after: "*") else { return false }
        for index in 0..<max(0, count) {
            guard let word = word() else { return false }
            guard index == 0 else { continue }
            if word.isWord("MULTI") {
                if isInTransaction {
                    fail(lastStart, "Unexpected MULTI in AOF \(name)")
                    return false
                }
                isInTransaction = true
            } else if word.isWord("EXEC") {
                if !isInTransaction {
                    fail(lastStart, "Unexpected EXEC in AOF \(name)")
                    return false
                }
                isInTransaction = false
            }
        }
        return true
    }

    private mutating func number(after prefix: Unicode.Scalar) -> Int? {
        let start = position
        guard start < bytes.count else { return nil }
        lastStart = start
        guard bytes[start] == UInt8(ascii: prefix) else {
            let found = Unicode.Scalar(bytes[start])
            fail(start, "Expected prefix '\(prefix)', got: '\(found)'")
            return nil
        }
        var end = start + 1
        let limit = min(bytes.count, start + AppendOnlyScan.lineBytesMax)
        let isNegative = end < limit && bytes[end] == UInt8(ascii: "-")
        if isNegative { end += 1 }
        var value = 0
        while end < limit, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[end]) {
            let digit = Int(bytes[end] - UInt8(ascii: "0"))
            value = value.multipliedReportingOverflow(by: 10).partialValue &+ digit
            end += 1
        }
        guard consumeLineEnd(end, from: start) else { return nil }
        return isNegative ? 0 &- value : value
    }

    private mutating func word() -> Bytes? {
        guard let length = number(after: "$") else { return nil }
        let start = position
        lastStart = start
        let wanted = length &+ 2
        let left = bytes.count - start
        guard length >= 0, wanted <= left else {
            fail(start, "Expected to read \(wanted) bytes, got \(left) bytes")
            return nil
        }
        guard consumeLineEnd(start + length, from: start) else { return nil }
        return bytes[start..<start + length]
    }

    /// Reads the end of a line at `offset`.
    private mutating func consumeLineEnd(_ offset: Int, from start: Int) -> Bool {
        let first = offset < bytes.count ? bytes[offset] : 0
        let second = offset + 1 < bytes.count ? bytes[offset + 1] : 0
        guard first == UInt8(ascii: "\r"), second == UInt8(ascii: "\n") else {
            fail(start, "Expected \\r\\n, got: \(hexadecimal(first))\(hexadecimal(second))")
            return false
        }
        position = offset + 2
        line += 1
        return true
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
    }
}
