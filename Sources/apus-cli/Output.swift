internal import Glibc
internal import Remote

/// The standard streams, as bytes.
struct Output: ~Copyable {
    private var waiting: [UInt8] = []
    /// The number of bytes collected before they are written unasked.
    private static let waitingMax = 1 << 16

    /// Appends to standard output, which is written with the next `flush` at the latest.
    mutating func write(_ bytes: [UInt8]) {
        waiting += bytes
        if waiting.count >= Self.waitingMax { flush() }
    }

    mutating func write(_ text: String) { write(Array(text.utf8)) }

    /// Writes everything collected.
    mutating func flush() {
        guard !waiting.isEmpty else { return }
        // Nobody reads any more: there is nothing left to say.
        if !Streams.write(waiting, to: STDOUT_FILENO) { exit(1) }
        waiting.removeAll(keepingCapacity: true)
    }

    /// Writes to standard error at once, after anything collected for standard output.
    mutating func writeError(_ text: String) {
        flush()
        Streams.write(Array(text.utf8), to: STDERR_FILENO)
    }

    mutating func writeError(_ bytes: [UInt8]) {
        flush()
        Streams.write(bytes, to: STDERR_FILENO)
    }
}
