internal import Glibc
internal import System

/// A line that shows how much of a file has been read; only in a terminal, and for large files.
struct ProgressLine {
    private let total: Int
    private let isShown: Bool
    private var shown = -1

    /// The size from which a file takes long enough.
    private static let bytesMin = 64 << 20
    private static let width = 40

    init(total: Int) {
        self.total = total
        isShown = total >= ProgressLine.bytesMin && isatty(STDERR_FILENO) == 1
    }

    /// Shows that `position` has been reached.
    mutating func advance(to position: Int) {
        guard isShown else { return }
        let percent = position * 100 / total
        guard percent != shown else { return }
        shown = percent
        let filled = percent * ProgressLine.width / 100
        let bar = String(repeating: "#", count: filled)
        let rest = String(repeating: ".", count: ProgressLine.width - filled)
        OwnProcess.writeError("\r[\(bar)\(rest)] \(percent)%")
    }

    /// Removes the line.
    mutating func clear() {
        guard shown >= 0 else { return }
        shown = -1
        OwnProcess.writeError("\r\u{1B}[K")
    }
}
