import Primitives
import Testing

@testable import Structures

@Suite struct OrderedTableTests {
    @Test func `the block stores table and tree`() {
        #expect(MemoryLayout<EntryTable>.size == 24)
        #expect(MemoryLayout<OrderedTree>.size == 20)
        #expect(24 + MemoryLayout<OrderedTree>.size <= OrderedTable.byteCount)
    }

    @Test func `a saved table reads back the same`() {
        var arena = Arena()
        var table = OrderedTable()
        insert(1_000, &table, &arena)
        let block = arena.allocate(OrderedTable.byteCount)
        table.save(block, arena)
        let copy = OrderedTable(block, arena)
        #expect(copy.count == 1_000)
        let isValid = copy.isValid(arena)
        #expect(isValid)
    }

    @Test func `members are updated and removed in both`() {
        var arena = Arena()
        var table = OrderedTable()
        insert(3_000, &table, &arena)
        for number in stride(from: 0, to: 3_000, by: 3) {
            Array("m\(number)".utf8).withBytes { member in
                guard let location = table.find(member, arena) else { return }
                table.update(location, score: -Double(number), &arena)
            }
        }
        for number in stride(from: 1, to: 3_000, by: 3) {
            Array("m\(number)".utf8).withBytes { member in
                guard let location = table.find(member, arena) else { return }
                table.remove(location, &arena)
            }
        }
        #expect(table.count == 2_000)
        var isValid = table.isValid(arena)
        #expect(isValid)
        table.remove(500..<1_500, &arena)
        #expect(table.count == 1_000)
        isValid = table.isValid(arena)
        #expect(isValid)
        let rank = table.rank(OrderedBound(score: -0.5, after: false), arena)
        #expect(rank == 500)
        free(&table, &arena, slice: 7)
    }

    @Test(arguments: [true, false])
    func `members inserted without order are ordered afterwards`(resizes: Bool) {
        var arena = Arena()
        arena.resizesTables = resizes
        var table = OrderedTable()
        for number in 0..<2_000 {
            Array("m\(number)".utf8).withBytes { member in
                _ = table.insertUnordered(
                    member,
                    arena.hasher(member),
                    Double(number % 7),
                    &arena
                )
            }
        }
        table.order(&arena)
        let isValid = table.isValid(arena)
        #expect(isValid)
        free(&table, &arena, slice: .max)
    }

    private func insert(_ count: Int, _ table: inout OrderedTable, _ arena: inout Arena) {
        for number in 0..<count {
            Array("m\(number)".utf8).withBytes { member in
                table.insert(member, arena.hasher(member), Double(number), &arena)
            }
        }
    }

    private func free(_ table: inout OrderedTable, _ arena: inout Arena, slice: Int) {
        var isDone = false
        while !isDone {
            var budget = slice
            isDone = table.destroySome(&budget, &arena)
        }
        let liveBytes = arena.liveBytes
        #expect(liveBytes == 0)
    }
}
