internal import Glibc
internal import Remote
internal import System

/// Writing text to the standard streams, unbuffered.
enum Output {
    /// Whether a person is watching.
    static var isTerminal: Bool { Streams.isOutputTerminal }

    static func write(_ text: String) { Streams.write(Array(text.utf8), to: STDOUT_FILENO) }

    static func writeError(_ text: String) { Streams.write(Array(text.utf8), to: STDERR_FILENO) }

    /// Writes `text` to the file at `path`; returns the reason if that fails.
    static func writeFile(_ text: String, path: String) -> String? {
        // SAFETY: the string is terminated and outlives the call.
        let file = unsafe creat(path, 0o644)
        guard file >= 0 else { return SystemError.reason(errno) }
        defer { close(file) }
        return Streams.write(Array(text.utf8), to: file) ? nil : SystemError.reason(errno)
    }
}
