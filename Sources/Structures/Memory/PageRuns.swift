/// Runs of free pages, sorted by first page, with adjacent runs merged.
struct PageRuns {
    private var runs: [Range<UInt32>] = []
    /// The number of free pages.
    private(set) var pageCount = 0

    /// Takes at least `count` adjacent pages from a free run; nil if no run is long enough.
    ///
    /// Complexity: O(runs).
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

    /// Calls `body` with each run.
    func forEach(_ body: (Range<UInt32>) -> Void) { for run in runs { body(run) } }

    /// The number of pages in the longest run.
    ///
    /// Complexity: O(runs).
    var largest: Int { runs.reduce(0) { max($0, $1.count) } }

    /// Removes and returns the run that ends at `end`, if there is one.
    mutating func takeLast(endingAt end: UInt32) -> Range<UInt32>? {
        guard let last = runs.last, last.upperBound == end else { return nil }
        pageCount -= last.count
        return runs.removeLast()
    }

    /// Removes and returns the run that starts at `start`, if there is one.
    mutating func takeFirst(beginningAt start: UInt32) -> Range<UInt32>? {
        guard let first = runs.first, first.lowerBound == start else { return nil }
        pageCount -= first.count
        return runs.removeFirst()
    }

    /// Adds runs in ascending order.
    ///
    /// Complexity: O(all runs).
    mutating func give(ascending given: ArraySlice<Range<UInt32>>) {
        var merged: [Range<UInt32>] = []
        merged.reserveCapacity(runs.count + given.count)
        var (own, other) = (0, given.startIndex)
        while own < runs.count || other < given.endIndex {
            let isOwn =
                other == given.endIndex
                || own < runs.count && runs[own].lowerBound < given[other].lowerBound
            let run = isOwn ? runs[own] : given[other]
            if isOwn { own += 1 } else { other += 1 }
            if !isOwn { pageCount += run.count }
            if let last = merged.last, last.upperBound >= run.lowerBound {
                precondition(last.upperBound == run.lowerBound, "a page is returned only once")
                merged[merged.count - 1] = last.lowerBound..<run.upperBound
            } else {
                merged.append(run)
            }
        }
        runs = merged
    }

    /// Adds a run and merges it with its neighbours.
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
