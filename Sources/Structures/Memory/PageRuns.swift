/// Free runs of pages, sorted by their first page, neighbours merged.
struct PageRuns {
    private var runs: [Range<UInt32>] = []
    /// The number of free pages.
    private(set) var pageCount = 0

    /// Takes the first run of at least `count` pages, or nil. Complexity: O(runs).
    mutating func take(_ count: UInt32) -> UInt32? {
        guard pageCount >= count else { return nil }
        guard let index = runs.lastIndex(where: { UInt32($0.count) >= count }) else { return nil }
        let run = runs[index]
        pageCount -= Int(count)
        if UInt32(run.count) == count {
            runs.remove(at: index)
            return run.lowerBound
        }
        runs[index] = run.lowerBound..<run.upperBound - count
        return run.upperBound - count
    }

    /// Calls `body` with every run.
    func forEach(_ body: (Range<UInt32>) -> Void) { for run in runs { body(run) } }

    /// Gives back a run; merges it with its neighbours.
    mutating func give(_ run: Range<UInt32>) {
        pageCount += run.count
        var lower = 0
        var upper = runs.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if runs[middle].lowerBound < run.lowerBound {
                lower = middle + 1
            } else {
                upper = middle
            }
        }
        var merged = run
        if lower < runs.count, runs[lower].lowerBound == run.upperBound {
            merged = merged.lowerBound..<runs[lower].upperBound
            runs.remove(at: lower)
        }
        if lower > 0, runs[lower - 1].upperBound == run.lowerBound {
            runs[lower - 1] = runs[lower - 1].lowerBound..<merged.upperBound
        } else {
            runs.insert(merged, at: lower)
        }
    }
}
