internal import Glibc
internal import Primitives
internal import Remote
internal import System

/// How far a transfer is: a line in a terminal, and a summary at the end.
struct Progress {
    /// How many rows there are to transfer; nil if nobody knows.
    private let total: Int?
    private let isShown = isatty(STDERR_FILENO) == 1
    private let begin = Clock.monotonicNanoseconds()
    private var shownAt = 0.0
    private(set) var rows = 0
    /// Rows without attributes, for which there is no hash.
    var emptyRows = 0

    private static let width = 30

    init(total: Int?) { self.total = total }

    private var seconds: Double { Double(Clock.monotonicNanoseconds() - begin) / 1e9 }

    /// Counts more rows, and shows them now and then.
    mutating func add(_ count: Int) {
        rows += count
        let now = seconds
        guard isShown, now - shownAt >= 0.1 else { return }
        shownAt = now
        Streams.write("\r\(line(rows, seconds: now))\u{1B}[K".bytes, to: STDERR_FILENO)
    }

    /// Removes the line.
    func clear() {
        if isShown { Streams.write("\r\u{1B}[K".bytes, to: STDERR_FILENO) }
    }

    /// The line after `seconds`.
    func line(_ rows: Int, seconds: Double) -> String {
        let rate = seconds > 0 ? Int(Double(rows) / seconds) : 0
        guard let total, total > 0 else { return "\(rows) rows, \(rate) a second" }
        let part = min(Double(rows) / Double(total), 1)
        let filled = Int(part * Double(Progress.width))
        let bar = String(repeating: "#", count: filled)
        let rest = String(repeating: ".", count: Progress.width - filled)
        return "[\(bar)\(rest)] \(Int(part * 100)) %, \(rows) of \(total) rows, \(rate) a second"
    }

    /// What was done, at the end.
    func summary(_ verb: String) -> String {
        let empty = emptyRows > 0 ? ", \(emptyRows) of them without attributes" : ""
        return "\(rows) rows \(verb)\(empty), \(Decimals.fixed(seconds, 1)) s"
    }
}
