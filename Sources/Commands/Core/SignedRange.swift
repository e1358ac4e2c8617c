/// An inclusive range of indices; negative ones count from the end.
struct SignedRange {
    private let start: Int64
    private let end: Int64

    /// Creates the range from `start` to `end`.
    init(_ start: Int64, _ end: Int64) {
        self.start = start
        self.end = end
    }

    /// Whether both count from the end and the first lies after the last.
    var isCrossed: Bool { start < 0 && end < 0 && start > end }

    /// The indices among `count` elements; nil if there are none.
    ///
    /// Indices before the first element become the first, even if both ends lie there.
    func clamped(to count: Int) -> Range<Int>? {
        let first = start < 0 ? max(Int64(count) + start, 0) : start
        let last = min(end < 0 ? max(Int64(count) + end, 0) : end, Int64(count) - 1)
        guard first <= last else { return nil }
        return Int(first)..<Int(last) + 1
    }
}
