import Primitives
import Testing

@testable import Structures

@Suite struct ProbationRingTests {
    @Test func `tickets come out as they went in, over any number of chunks`() {
        var arena = Arena()
        var ring = ProbationRing()
        var model: [UInt32] = []
        var random = FastRandom(seed: 11)
        for step in 0..<20_000 {
            // Long runs each way, so that chunks fill and empty.
            let grows = step / 700 % 2 == 0
            if random.below(10) < (grows ? 8 : 2) {
                let ticket = UInt32(truncatingIfNeeded: random.next())
                ring.append(ticket, &arena)
                model.append(ticket)
            } else {
                let taken = ring.popFirst(&arena)
                #expect(taken == model.first)
                if !model.isEmpty { model.removeFirst() }
            }
            #expect(ring.count == model.count)
        }
        ring.removeAll(&arena)
        let (left, bytes) = (ring.popFirst(&arena), arena.liveBytes)
        #expect(left == nil && bytes == 0)
    }

    @Test func `a ticket takes four bytes and a little`() {
        var arena = Arena()
        var ring = ProbationRing()
        for ticket in 0..<100_000 { ring.append(UInt32(ticket), &arena) }
        let bytes = arena.liveBytes
        #expect(bytes < 100_000 * 41 / 10)
    }

    @Test func `an empty ring holds no memory`() {
        var arena = Arena()
        var ring = ProbationRing()
        for ticket in 0..<500 { ring.append(UInt32(ticket), &arena) }
        for ticket in 0..<500 {
            let taken = ring.popFirst(&arena)
            #expect(taken == UInt32(ticket))
        }
        let bytes = arena.liveBytes
        #expect(bytes == 0)
    }
}
