import Primitives
import Testing

@Suite struct CounterTests {
    @Test func `a counter can be added to, subtracted from and set`() {
        let counter = Counter()
        counter.add()
        counter.add(41)
        let added = counter.value
        counter.subtract(2)
        let less = counter.value
        counter.set(7)
        let set = counter.value
        #expect(added == 42 && less == 40 && set == 7)
    }

    @Test func `a counter wraps instead of trapping`() {
        let counter = Counter(.max)
        counter.add(2)
        let above = counter.value
        counter.subtract(2)
        let below = counter.value
        #expect(above == 1 && below == .max)
    }

    @Test func `other threads read a counter while its owner counts`() async {
        final class Shared: Sendable { let counter = Counter() }
        let shared = Shared()
        let rounds: UInt64 = 100_000
        async let owner: Void = Task.detached {
            for _ in 0..<rounds { shared.counter.add() }
        }.value
        let readers = (0..<2).map { _ in
            Task.detached {
                var last: UInt64 = 0
                var isOrdered = true
                while last < rounds {
                    let next = shared.counter.value
                    if next < last { isOrdered = false }
                    last = next
                    await Task.yield()
                }
                return isOrdered
            }
        }
        await owner
        for reader in readers { #expect(await reader.value) }
        #expect(shared.counter.value == rounds)
    }
}
