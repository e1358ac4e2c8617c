internal import Glibc

/// Writing text to the standard streams, unbuffered.
enum Output {
    /// Whether a person is watching.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    static func write(_ text: String) { write(Array(text.utf8), to: STDOUT_FILENO) }

    static func writeError(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

    /// Writes `text` to the file at `path`; the reason if that fails.
    static func writeFile(_ text: String, path: String) -> String? {
        // SAFETY: the string is terminated and outlives the call.
        let file = unsafe creat(path, 0o644)
        guard file >= 0 else { return reason(errno) }
        defer { close(file) }
        return write(Array(text.utf8), to: file) ? nil : reason(errno)
    }

    /// All that standard input holds.
    static func readInput() -> [UInt8] {
        var input: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            // SAFETY: the count given is the block's own.
            let count = unsafe block.withUnsafeMutableBytes {
                unsafe read(STDIN_FILENO, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return input }
            input += block[..<count]
        }
    }

    /// The reason in words of a failed system call.
    static func reason(_ error: Int32) -> String {
        // SAFETY: strerror gives a terminated string that stays until the next call.
        unsafe strerror(error).map { unsafe String(cString: $0) } ?? "error \(error)"
    }

    @discardableResult
    private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            // SAFETY: the range lies inside the array.
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }
}
