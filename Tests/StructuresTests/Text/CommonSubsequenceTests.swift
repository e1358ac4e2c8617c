import Primitives
import Testing

@testable import Structures

@Suite struct CommonSubsequenceTests {
    /// The table of lengths, and Redis's walk back through it.
    private func model(_ first: [UInt8], _ second: [UInt8]) -> (Int, [(Int, Int)]) {
        var table = [[Int]](
            repeating: [Int](repeating: 0, count: second.count + 1),
            count: first.count + 1
        )
        for row in 0..<first.count {
            for column in 0..<second.count {
                table[row + 1][column + 1] =
                    first[row] == second[column]
                    ? table[row][column] + 1 : max(table[row][column + 1], table[row + 1][column])
            }
        }
        var (row, column) = (first.count, second.count)
        var places: [(Int, Int)] = []
        while row > 0, column > 0 {
            if first[row - 1] == second[column - 1] {
                row -= 1
                column -= 1
                places.append((row, column))
            } else if table[row - 1][column] > table[row][column - 1] {
                row -= 1
            } else {
                column -= 1
            }
        }
        return (table[first.count][second.count], places)
    }

    private func check(_ first: [UInt8], _ second: [UInt8]) {
        let (count, places) = model(first, second)
        first.withBytes { left in
            second.withBytes { right in
                let common = CommonSubsequence(left, right)
                #expect(common.count == count)
                var room = ByteBuffer(capacity: count + 1)
                room.commit(count)
                common.write(to: room.cell)
                let bytes = room.bytes.array
                #expect(bytes == places.reversed().map { first[$0.0] })
                var walked: [(Int, Int)] = []
                var last: CommonSubsequence.Run?
                common.forEachRun { run in
                    #expect(run.first.count == run.second.count && !run.first.isEmpty)
                    if let last {
                        let joins =
                            last.first.lowerBound == run.first.upperBound
                            && last.second.lowerBound == run.second.upperBound
                        #expect(!joins)
                    }
                    last = run
                    walked += zip(run.first.reversed(), run.second.reversed())
                }
                #expect(walked.map(\.0) == places.map(\.0) && walked.map(\.1) == places.map(\.1))
            }
        }
    }

    @Test func `the examples in Redis' manual give the same results`() {
        check(Array("ohmytext".utf8), Array("mynewtext".utf8))
    }

    @Test(arguments: [0, 1, 2, 63, 64, 65, 127, 128, 129, 200], [0, 1, 5, 64, 130])
    func `lengths around the size of a word`(first: Int, second: Int) {
        var random = FastRandom(seed: UInt64(first * 1000 + second + 1))
        for letters in [1, 2, 4, 200] {
            check(
                (0..<first).map { _ in UInt8(random.below(letters)) },
                (0..<second).map { _ in UInt8(random.below(letters)) }
            )
        }
    }
}
