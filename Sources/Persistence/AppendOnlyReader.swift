public import Primitives

/// Splits the contents of an append-only file into requests and annotations.
///
/// Nothing is copied: the words are ranges of the given bytes.
public struct AppendOnlyReader {
    /// The next item.
    public enum Item {
        /// A request, whose words have been passed on.
        case request
        /// `#TS:` and seconds since 1970: when the following items were written.
        case time(Int64)
        /// Another line that starts with `#`.
        case remark
        /// The end of the file.
        case end
        /// The bytes end within a request, or only zeros follow, as after a power failure.
        case torn
        /// The bytes from `position` on are not a request.
        case broken
    }

    private let bytes: Bytes
    /// The offset of the next item; after `torn` and `broken`, of the bytes concerned.
    public private(set) var position: Int

    /// Creates a reader of `bytes` from the offset `start` on.
    public init(_ bytes: Bytes, from start: Int = 0) {
        self.bytes = bytes
        position = start
    }

    /// The maximum number of words in a request, and the maximum length of a word.
    private static let wordsMax = 1 << 30
    private static let wordBytesMax = Int(Int32.max)

    /// Reads the next item, and passes the words of a request to `word`.
    ///
    /// Some words may have been passed on even if the bytes turn out to be torn or broken.
    public mutating func next(_ word: (Bytes) -> Void) -> Item {
        guard position < bytes.count else { return .end }
        var at = position
        switch bytes[at] {
        case UInt8(ascii: "#"):
            guard let line = line(&at) else { return .torn }
            position = at
            return AppendOnlyReader.annotation(line)
        case UInt8(ascii: "*"): break
        default: return isZero(from: at) ? .torn : .broken
        }
        switch number(&at, after: UInt8(ascii: "*"), 1...AppendOnlyReader.wordsMax) {
        case .torn: return .torn
        case .broken(let place): return brokenOrZeros(place)
        case .value(let count):
            for _ in 0..<count {
                switch number(&at, after: UInt8(ascii: "$"), 0...AppendOnlyReader.wordBytesMax) {
                case .torn: return .torn
                case .broken(let place): return brokenOrZeros(place)
                case .value(let length):
                    guard at + length + 2 <= bytes.count else { return .torn }
                    word(bytes[at..<at + length])
                    at += length
                    guard bytes[at] == UInt8(ascii: "\r") else { return brokenOrZeros(at) }
                    guard bytes[at + 1] == UInt8(ascii: "\n") else { return brokenOrZeros(at + 1) }
                    at += 2
                }
            }
        }
        position = at
        return .request
    }

    private enum Number {
        case value(Int)
        case torn
        /// Invalid, because of the byte at this offset.
        case broken(Int)
    }

    /// Reads a line with a sign and a number.
    private func number(_ at: inout Int, after sign: UInt8, _ range: ClosedRange<Int>) -> Number {
        guard at < bytes.count else { return .torn }
        guard bytes[at] == sign else { return .broken(at) }
        var value = 0
        var index = at + 1
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "\r") {
            let digit = Int(bytes[index]) - Int(UInt8(ascii: "0"))
            guard digit >= 0, digit < 10, index - start < 18 else { return .broken(index) }
            value = value * 10 + digit
            index += 1
        }
        guard index + 1 < bytes.count else { return .torn }
        guard index > start, range.contains(value) else { return .broken(index) }
        guard bytes[index + 1] == UInt8(ascii: "\n") else { return .broken(index + 1) }
        at = index + 2
        return .value(value)
    }

    /// Reads a line without its end; nil if it is incomplete.
    private func line(_ at: inout Int) -> Bytes? {
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
        guard at < bytes.count else { return nil }
        at += 1
        let hasReturn = at - 2 >= start && bytes[at - 2] == UInt8(ascii: "\r")
        return bytes[start..<at - (hasReturn ? 2 : 1)]
    }

    private static func annotation(_ line: Bytes) -> Item {
        let text = line.string
        guard text.hasPrefix("#TS:"), let seconds = Int64(text.dropFirst(4)) else {
            return .remark
        }
        return .time(seconds)
    }

    private func brokenOrZeros(_ at: Int) -> Item { isZero(from: at) ? .torn : .broken }

    /// Whether only zeros follow: a file system may have recorded the size but not the contents.
    private func isZero(from start: Int) -> Bool {
        var index = start
        while index < bytes.count {
            guard bytes[index] == 0 else { return false }
            index += 1
        }
        return true
    }
}
