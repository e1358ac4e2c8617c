import Primitives
import Testing

@testable import Server

@Suite struct NumberedPagesTests {
    @Test func `elements keep their numbers, and freed numbers are given out again`() {
        var pages = NumberedPages(blank: -1)
        let numbers = (0..<3000).map { pages.insert($0) }
        #expect(numbers == Array(0..<3000))
        for number in stride(from: 0, to: 3000, by: 3) { pages.remove(UInt32(number)) }
        pages[1] += 7
        #expect(pages[1] == 8 && pages[2] == 2 && pages[2999] == 2999)
        let again = (0..<1001).map { pages.insert(10_000 + $0) }
        #expect(Set(again) == Set(stride(from: 0, to: 3000, by: 3)).union([3000]))
        for (place, number) in again.enumerated() { #expect(pages[number] == 10_000 + place) }
        var seen = 0
        pages.forEach { _ in
            seen += 1
            return seen < 2500
        }
        #expect(seen == 2500)
        #expect(pages.byteCount >= 3001 * MemoryLayout<Int>.stride)
    }
}
