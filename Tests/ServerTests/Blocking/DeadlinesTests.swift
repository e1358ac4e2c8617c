import Primitives
import Testing

@testable import Server

@Suite struct DeadlinesTests {
    @Test func `requests come due in order of their deadlines`() {
        var random = FastRandom(seed: 3)
        var deadlines = Deadlines()
        var model: [Int64] = []
        for id in 0..<2000 {
            let deadline = Int64(random.below(500))
            deadlines.insert(BlockedRequests.make(UInt64(id), deadline: deadline), at: deadline)
            model.append(deadline)
            if random.below(3) == 0 { take(Int64(random.below(500)), &deadlines, &model) }
            #expect(deadlines.nearest == model.min())
        }
        #expect(deadlines.isValid && deadlines.count == model.count)
        take(500, &deadlines, &model)
        #expect(deadlines.count == 0 && model.isEmpty)
    }

    private func take(_ now: Int64, _ deadlines: inout Deadlines, _ model: inout [Int64]) {
        var last = Int64.min
        while let waiter = deadlines.takeDue(now) {
            #expect(waiter.deadline >= last && waiter.deadline <= now)
            last = waiter.deadline
            model.remove(at: model.firstIndex(of: waiter.deadline) ?? 0)
        }
        model.removeAll { $0 <= now }
    }

    @Test func `obsolete entries don't pile up`() {
        var deadlines = Deadlines()
        for id in 0..<10_000 {
            let waiter = BlockedRequests.make(UInt64(id), deadline: Int64(1_000_000 - id))
            deadlines.insert(waiter, at: waiter.deadline)
            if id % 10 == 0 { continue }
            _ = waiter.cancel()
            deadlines.noteOver()
        }
        #expect(deadlines.count <= 2 * 1000 + 64 && deadlines.isValid)
        var due = 0
        while let waiter = deadlines.takeDue(.max) {
            if !waiter.isOver { due += 1 }
        }
        #expect(due == 1000)
    }
}
