import Primitives
import Testing

@testable import Structures

@Suite struct PageRunsTests {
    @Test(arguments: [1, 2, 3])
    func `runs are merged in whatever order they are returned`(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var runs = PageRuns()
        var free: Set<UInt32> = []
        for _ in 0..<300 {
            if random.below(2) == 0 {
                var given: [Range<UInt32>] = []
                var page: UInt32 = 0
                while page < 1000 {
                    let end = page + 1 + UInt32(random.below(5))
                    if random.below(20) == 0, (page..<end).allSatisfy({ !free.contains($0) }) {
                        given.append(page..<end)
                        free.formUnion(page..<end)
                    }
                    page = end
                }
                if random.below(2) == 0 {
                    runs.give(ascending: given[...])
                } else {
                    for run in given.reversed() { runs.give(run) }
                }
            } else if let page = runs.take(UInt32(1 + random.below(4))) {
                #expect(free.remove(page) != nil)
                while runs.pageCount < free.count { free.remove(Self.missing(free, runs)) }
            }
            var listed: Set<UInt32> = []
            var last: UInt32?
            runs.forEach { run in
                if let last { #expect(run.lowerBound > last) }
                last = run.upperBound
                listed.formUnion(run)
            }
            #expect(listed == free && runs.pageCount == free.count)
        }
    }

    private static func missing(_ free: Set<UInt32>, _ runs: PageRuns) -> UInt32 {
        var left = free
        runs.forEach { left.subtract($0) }
        return left.first ?? 0
    }

    @Test func `runs at both ends are taken as a whole`() {
        var runs = PageRuns()
        runs.give(ascending: [2..<4, 8..<9, 9..<12][...])
        #expect(runs.takeLast(endingAt: 11) == nil && runs.largest == 4)
        #expect(runs.takeLast(endingAt: 12) == 8..<12)
        #expect(runs.takeFirst(beginningAt: 2) == 2..<4)
        #expect(runs.pageCount == 0 && runs.largest == 0)
    }
}
