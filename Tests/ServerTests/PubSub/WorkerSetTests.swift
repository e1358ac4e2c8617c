import Testing

@testable import Server

@Suite struct WorkerSetTests {
    @Test func `a set has what was put in, in order`() {
        var set = WorkerSet()
        #expect(set.isEmpty)
        for worker in [255, 0, 64, 63, 128, 64] { set.insert(worker) }
        var members: [Int] = []
        set.forEach { members.append($0) }
        #expect(members == [0, 63, 64, 128, 255])
        #expect(set.contains(63) && !set.contains(62) && set == WorkerSet(members))
        for worker in members { set.remove(worker) }
        #expect(set.isEmpty)
    }
}
