import Primitives
import Structures
import Testing

@testable import Server

@Suite struct WaiterQueueTests {
    private func fill(_ queue: WaiterQueue, _ ids: ClosedRange<UInt64>) -> [Waiter] {
        ids.map { id in
            let waiter = BlockedRequests.make(id)
            waiter.stand(in: queue)
            return waiter
        }
    }

    /// The ids of all requests, from the oldest on.
    private func all(_ queue: WaiterQueue) -> [UInt64] {
        var ids: [UInt64] = []
        queue.restart()
        while let waiter = queue.current() {
            ids.append(waiter.client.session)
            queue.skip()
        }
        return ids
    }

    @Test func `requests are visited in order of arrival`() {
        let queue = BlockedRequests.queue()
        _ = fill(queue, 1...5)
        #expect(all(queue) == [1, 2, 3, 4, 5] && queue.count == 5)
        queue.restart()
        queue.drop()
        queue.skip()
        queue.drop()
        #expect(queue.current()?.client.session == 4)
        #expect(all(queue) == [2, 4, 5] && queue.count == 3)
    }

    @Test func `requests that no longer wait are removed when reached`() {
        let queue = BlockedRequests.queue()
        let waiters = fill(queue, 1...6)
        for waiter in [waiters[0], waiters[3], waiters[5]] { _ = waiter.cancel() }
        #expect(queue.count == 6)
        #expect(all(queue) == [2, 3, 5] && queue.count == 3)
    }

    @Test func `requests that no longer wait don't pile up`() {
        let queue = BlockedRequests.queue()
        for round in 0..<1000 {
            let waiter = BlockedRequests.make(UInt64(round))
            waiter.stand(in: queue)
            if round % 100 == 0 { continue }
            _ = waiter.cancel()
            queue.noteOver()
            #expect(queue.count <= 2 * (round / 100 + 1) + 2)
        }
        #expect(all(queue) == (0..<10).map { UInt64($0 * 100) })
    }

    @Test func `a walk survives requests that leave`() {
        let queue = BlockedRequests.queue()
        let waiters = fill(queue, 1...8)
        for _ in 1...3 {
            _ = queue.current()
            queue.skip()
        }
        for waiter in [waiters[0], waiters[2], waiters[4], waiters[6]] {
            _ = waiter.cancel()
            queue.noteOver()
        }
        #expect(queue.current()?.client.session == 4)
        queue.drop()
        #expect(queue.current()?.client.session == 6)
        #expect(all(queue) == [2, 6, 8])
    }

    @Test func `requests that fail when the key goes are counted`() {
        let queue = BlockedRequests.queue()
        BlockedRequests.make(1, .stream, endsWithKey: true).stand(in: queue)
        BlockedRequests.make(2, .stream).stand(in: queue)
        #expect(queue.endingCount == 1)
        queue.restart()
        queue.drop()
        #expect(queue.endingCount == 0 && queue.count == 1)
    }

    @Test func `random steps match a plain list`() {
        var random = FastRandom(seed: 7)
        let queue = BlockedRequests.queue()
        var model: [Waiter] = []
        for step in 0..<20_000 {
            switch random.below(8) {
            case 0...3:
                let waiter = BlockedRequests.make(UInt64(step))
                waiter.stand(in: queue)
                model.append(waiter)
            case 4...6 where !model.isEmpty:
                _ = model.remove(at: random.below(model.count)).cancel()
                queue.noteOver()
            default:
                queue.restart()
                for _ in 0..<random.below(4) where queue.current() != nil { queue.skip() }
                if let waiter = queue.current() {
                    queue.drop()
                    _ = waiter.cancel()
                    model.removeAll { $0 === waiter }
                }
            }
        }
        #expect(all(queue) == model.map(\.client.session) && queue.count == model.count)
    }
}
