import Testing

@testable import Server

@Suite struct WaiterTests {
    @Test func `only one worker can claim a request`() {
        let waiter = BlockedRequests.make(1)
        #expect(waiter.state == .waiting && !waiter.isOver)
        let first = waiter.claim()
        let second = waiter.claim()
        #expect(first && !second && waiter.state == .claimed && !waiter.isOver)
        waiter.giveBack()
        #expect(waiter.state == .waiting)
        let again = waiter.claim()
        #expect(again)
        waiter.finish()
        #expect(waiter.state == .served && waiter.isOver)
    }

    @Test func `a served request can't be cancelled, and a cancelled one can't be claimed`() {
        let served = BlockedRequests.make(1)
        _ = served.claim()
        served.finish()
        let late = served.cancel()
        #expect(!late && served.state == .served)
        let cancelled = BlockedRequests.make(2)
        let isFirst = cancelled.cancel(.unblockedWithError)
        let isSecond = cancelled.cancel()
        let isClaimed = cancelled.claim()
        #expect(isFirst && !isSecond && !isClaimed)
        #expect(cancelled.state == .unblockedWithError && cancelled.isOver)
    }

    @Test func `a request whose client hung up counts as cancelled`() {
        let waiter = BlockedRequests.make(1)
        _ = waiter.claim()
        waiter.hangUp()
        let isOurs = waiter.cancel()
        #expect(isOurs && waiter.state == .hungUp && waiter.isOver)
    }

    @Test func `a request joins each queue once`() {
        let waiter = BlockedRequests.make(1)
        let queue = BlockedRequests.queue()
        waiter.stand(in: queue)
        waiter.stand(in: queue)
        #expect(queue.count == 1 && waiter.queues.count == 1)
    }
}
