import Primitives
import Testing

@testable import Server

@Suite struct PauseFiguresTests {
    @Test func `pauses are counted by how long they were`() {
        let pauses = PauseFigures()
        for milliseconds in [0, 1, 2, 7, 6000, 5000] as [Int64] { pauses.note(late: milliseconds) }
        let counts = (0...PauseFigures.bounds.count).map { pauses[$0] }
        let sum = pauses.sum.value
        let longest = pauses.longest.value
        #expect(counts == [2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1])
        #expect(sum == 11010 && longest == 6000)
    }
}
