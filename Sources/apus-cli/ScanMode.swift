internal import Glibc
internal import Remote
internal import Wire

/// Iterates over all keys with SCAN.
extension ServerSession {
    /// The keys of the next batch; `cursor` is "0" again after the last one.
    mutating func scan(_ cursor: inout [UInt8]) throws(RemoteFailure) -> Reply {
        var words = ["SCAN".bytes, cursor]
        if let pattern = options.pattern { words += ["MATCH".bytes, pattern] }
        if let count = options.scanCount { words += ["COUNT".bytes, String(count).bytes] }
        let reply = try ask(words)
        if let next = reply.elements?.first?.stringBytes { cursor = next }
        return reply
    }

    /// `--scan`: prints every key that matches the pattern; returns the exit code.
    mutating func printKeys() throws(RemoteFailure) -> Int32 {
        var cursor = "0".bytes
        repeat {
            let reply = try scan(&cursor)
            if let text = reply.errorText {
                output.writeError("SCAN error: ".bytes + text + [UInt8(ascii: "\n")])
                return 1
            }
            guard let keys = reply.elements?.last?.elements else {
                output.writeError("Non ARRAY response from SCAN!\n")
                return 1
            }
            for key in keys.compactMap(\.stringBytes) {
                output.write(options.format == .readable ? QuotedWords.quoted(key) : key)
                output.write("\n")
            }
            output.flush()
            Pause.seconds(options.intervalSeconds)
        } while cursor != "0".bytes
        return 0
    }
}
