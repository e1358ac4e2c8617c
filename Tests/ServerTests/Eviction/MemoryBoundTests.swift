import Testing

@testable import Server

@Suite struct MemoryBoundTests {
    @Test func `the time over the bound is counted once, and ends`() {
        let bound = MemoryBound()
        #expect(bound.exceededNanoseconds == 0 && bound.exceededNanosecondsTotal == 0)
        bound.note(isExceeded: false)
        bound.note(isExceeded: true)
        bound.note(isExceeded: true)
        let first = bound.exceededNanoseconds
        let second = bound.exceededNanoseconds
        #expect(first >= 0 && second >= first)
        bound.note(isExceeded: false)
        let total = bound.exceededNanosecondsTotal
        #expect(bound.exceededNanoseconds == 0 && total >= second)
        #expect(bound.exceededNanosecondsTotal == total)
    }
}
