import Synchronization
import System
import Testing

@testable import Server

@Suite struct WorldStopTests {
    @Test func `one thread at a time stops the others, and sees them all stopped`() {
        let stop = WorldStop()
        let inside = Atomic<Int>(0)
        let running = Atomic<Int>(0)
        let faults = Atomic<Int>(0)
        let stops = Atomic<Int>(0)
        let threads = (0..<4).map { number in
            Thread {
                running.add(1, ordering: .sequentiallyConsistent)
                for round in 0..<300 {
                    if round % 4 == number {
                        running.subtract(1, ordering: .sequentiallyConsistent)
                        stop.begin(others: 3) {}
                        let others = inside.add(1, ordering: .sequentiallyConsistent).oldValue
                        if others != 0 || running.load(ordering: .sequentiallyConsistent) != 0 {
                            faults.add(1, ordering: .relaxed)
                        }
                        stops.add(1, ordering: .relaxed)
                        inside.subtract(1, ordering: .sequentiallyConsistent)
                        stop.end()
                        running.add(1, ordering: .sequentiallyConsistent)
                    }
                    guard stop.isAsked else { continue }
                    running.subtract(1, ordering: .sequentiallyConsistent)
                    stop.park()
                    running.add(1, ordering: .sequentiallyConsistent)
                }
                running.subtract(1, ordering: .sequentiallyConsistent)
                stop.leave()
            }
        }
        for thread in threads { thread.join() }
        #expect(stops.load(ordering: .relaxed) == 300)
        #expect(faults.load(ordering: .relaxed) == 0)
    }
}
