import Primitives
import Testing

@Suite struct LockedTests {
    @Test func `only one thread at a time uses the value`() async {
        let total = Total()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<10_000 { total.count.withLock { $0 += 1 } } }
            }
        }
        #expect(total.count.withLock { $0 } == 40_000)
    }
}

private final class Total: Sendable {
    let count = Locked(0)
}
