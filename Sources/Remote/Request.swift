/// Encodes requests as a client does.
public enum Request {
    /// The request with these words: an array of bulk strings.
    ///
    /// ```text
    /// *<words> CR LF, then for each word: $<bytes> CR LF <word> CR LF
    /// ```
    public static func bytes(_ words: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.reduce(16) { $0 + $1.count + 16 })
        append(UInt8(ascii: "*"), words.count, to: &bytes)
        for word in words {
            append(UInt8(ascii: "$"), word.count, to: &bytes)
            bytes += word
            bytes += lineEnd
        }
        return bytes
    }

    /// The request with these words, as plain text.
    public static func bytes(_ words: [String]) -> [UInt8] { bytes(words.map(\.bytes)) }

    private static let lineEnd: [UInt8] = [UInt8(ascii: "\r"), UInt8(ascii: "\n")]

    private static func append(_ type: UInt8, _ count: Int, to bytes: inout [UInt8]) {
        bytes.append(type)
        bytes += String(count).utf8
        bytes += lineEnd
    }
}
