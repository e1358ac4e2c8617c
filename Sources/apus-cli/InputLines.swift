internal import Glibc
internal import Remote

/// Standard input, line by line.
struct InputLines {
    private var bytes: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var block = [UInt8](repeating: 0, count: 1 << 16)

    /// The next line without its line break, which the last line may lack.
    mutating func next() -> [UInt8]? {
        var searched = start
        while true {
            if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return Array(bytes[start..<end])
            }
            searched = bytes.count
            guard !isAtEnd else {
                defer { start = bytes.count }
                return start < bytes.count ? Array(bytes[start...]) : nil
            }
            fill(&searched)
        }
    }

    private mutating func fill(_ searched: inout Int) {
        bytes.removeSubrange(..<start)
        searched -= start
        start = 0
        let count = Streams.read(STDIN_FILENO, into: &block)
        if count > 0 {
            bytes += block[..<count]
        } else if count == 0 || errno != EINTR {
            isAtEnd = true
        }
    }
}
