public import Primitives

/// Which protocol a client speaks, by the first bytes that it sends.
///
/// RESP begins with `*`, the binary protocol of memcached with its magic number. What is left is a
/// line: a request of memcached's text protocol if its first word is one of memcached's names in
/// lower case and there are as many words as memcached would need; an inline command of RESP
/// otherwise. So `set k 0 0 3` is memcached's and `set k v` is not; `get k`, `touch k 5` and
/// `quit`, which both know, are memcached's, `GET k` is not.
public enum ProtocolGuess: Sendable {
    case resp, memcached
    /// The first line has yet to end.
    case undecided

    /// The longest first line of a client of memcached; only a retrieval may be longer.
    private static let lineBytesMax = MemcachedLimits.lineBytesMax

    /// Guesses by `bytes`, the first of a connection.
    public init(_ bytes: Bytes) {
        guard let first = bytes.count > 0 ? bytes[0] : nil else {
            self = .undecided
            return
        }
        if first == BinaryHeader.requestMagic {
            self = .memcached
            return
        }
        guard first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z") else {
            self = .resp
            return
        }
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        guard let end = end ?? (bytes.count > ProtocolGuess.lineBytesMax ? bytes.count : nil) else {
            self = .undecided
            return
        }
        self = ProtocolGuess.isRequest(bytes[0..<end]) ? .memcached : .resp
    }

    private static func isRequest(_ line: Bytes) -> Bool {
        var words = 0
        var start = 0
        var command: MemcachedCommand?
        while start < line.count {
            let end = line.firstIndex(of: UInt8(ascii: " "), from: start) ?? line.count
            var word = line[start..<end]
            if end == line.count, word.count > 0, word[word.count - 1] == UInt8(ascii: "\r") {
                word = word[0..<word.count - 1]
            }
            start = end + 1
            if word.isEmpty { continue }
            if words == 0 { command = MemcachedCommand(word) }
            words += 1
        }
        guard let command else { return false }
        switch command {
        case .set, .add, .replace, .append, .prepend: return words >= 5
        case .cas: return words >= 6
        case .incr, .decr, .touch: return words >= 3
        case .get, .gets: return words >= 2
        default: return true
        }
    }
}
