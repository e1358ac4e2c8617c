import Synchronization
import System
import Testing

@Suite struct ThreadClockTests {
    private final class Shared: Sendable {
        let clock = ThreadClock()
        let mayEnd = Atomic<Bool>(false)
        let hasBegun = Atomic<Bool>(false)
    }

    @Test func `another thread's CPU time can be read`() {
        let shared = Shared()
        #expect(shared.clock.nanoseconds == 0)
        let thread = Thread {
            shared.clock.begin()
            shared.hasBegun.store(true, ordering: .releasing)
            while !shared.mayEnd.load(ordering: .relaxed) {}
        }
        while !shared.hasBegun.load(ordering: .acquiring) { Thread.yield() }
        let begin = shared.clock.nanoseconds
        while shared.clock.nanoseconds <= begin + 1_000_000 { Thread.yield() }
        shared.mayEnd.store(true, ordering: .relaxed)
        thread.join()
    }
}
