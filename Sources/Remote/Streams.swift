internal import Glibc

/// Reads and writes file descriptors.
public enum Streams {
    /// Whether standard input is a terminal.
    public static let isInputTerminal = isatty(STDIN_FILENO) == 1
    /// Whether standard output is a terminal.
    public static let isOutputTerminal = isatty(STDOUT_FILENO) == 1

    /// Writes all of `bytes`; false if that fails.
    @discardableResult
    public static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
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

    /// Reads up to the size of `block`; 0 at the end, below zero if that fails.
    public static func read(_ file: Int32, into block: inout [UInt8]) -> Int {
        // SAFETY: the count given is the block's own.
        unsafe block.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
    }

    /// Reads all of standard input.
    public static func readInput() -> [UInt8] {
        var input: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, into: &block)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return input }
            input += block[..<count]
        }
    }
}
