/// Two places in a row, both meant, each counted from the end where negative.
struct SignedRange {
    private let start: Int64
    private let end: Int64

    /// A range from `start` to `end`.
    init(_ start: Int64, _ end: Int64) {
        self.start = start
        self.end = end
    }

    /// Whether both count from the end and the first lies behind the last.
    var isCrossed: Bool { start < 0 && end < 0 && start > end }

    /// The places among `count`; nil when there are none.
    ///
    /// What lies before the first place becomes the first, even when both do.
    func clamped(to count: Int) -> Range<Int>? {
        let first = start < 0 ? max(Int64(count) + start, 0) : start
        let last = min(end < 0 ? max(Int64(count) + end, 0) : end, Int64(count) - 1)
        guard first <= last else { return nil }
        return Int(first)..<Int(last) + 1
    }
}
