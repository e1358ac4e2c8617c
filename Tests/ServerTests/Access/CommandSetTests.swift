import Testing

@testable import Server

@Suite struct CommandSetTests {
    @Test(arguments: [1, 63, 64, 65, 300])
    func `rows are added and removed one by one`(_ count: Int) {
        var set = CommandSet(rowCount: count)
        #expect(set.count == 0 && !set.isFull)
        for row in 0..<count {
            set[row] = true
            #expect(set[row] && set.count == row + 1)
        }
        #expect(set.isFull && set == CommandSet(rowCount: count, isFull: true))
        set[count - 1] = false
        #expect(!set[count - 1] && !set.isFull)
    }
}
