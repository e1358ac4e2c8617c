import Primitives
import Store
import Structures
import Testing

@testable import Server

@Suite struct WaiterTableTests {
    private let keyspace = Keyspace(databases: 16, workers: 1)

    private func key(_ name: StaticString) -> Key {
        Key(Bytes(name), keyspace.hasher(Bytes(name)))
    }

    @Test func `a partition is marked while it has blocked requests`() {
        let table = WaiterTable(keyspace, partition: 0)
        let (one, other) = (BlockedRequests.make(1), BlockedRequests.make(2))
        table.add(one, key("a"))
        table.add(one, key("b"))
        table.add(other, key("a"))
        #expect(table.keyCount.value == 2 && keyspace.marks(of: 0).contains(.waited))
        for waiter in [one, other] {
            _ = waiter.cancel()
            for queue in waiter.queues {
                queue.noteOver()
                table.settle(queue)
            }
        }
        #expect(table.keyCount.value == 0 && !keyspace.marks(of: 0).contains(.waited))
        #expect(table.queue(key("a"), 0) == nil)
    }

    @Test func `the same key in another database is another key`() {
        let table = WaiterTable(keyspace, partition: 0)
        table.add(BlockedRequests.make(1), key("a"))
        #expect(table.queue(key("a"), 0) != nil && table.queue(key("a"), 1) == nil)
        #expect(table.queue(key("b"), 0) == nil)
        var count = 0
        table.forEach(of: 0) { _ in count += 1 }
        table.forEach(of: 1) { _ in count += 10 }
        #expect(count == 1)
    }

    @Test func `keys with requests that fail when they go are counted`() {
        let table = WaiterTable(keyspace, partition: 0)
        let waiter = BlockedRequests.make(1, .stream, endsWithKey: true)
        table.add(waiter, key("a"))
        table.add(BlockedRequests.make(2, .stream, endsWithKey: true), key("a"))
        table.add(BlockedRequests.make(3, .stream), key("b"))
        #expect(table.endingKeyCount.value == 1)
        table.forEach(of: 0) { queue in
            queue.restart()
            while queue.current() != nil { queue.drop() }
            table.settle(queue)
        }
        #expect(table.endingKeyCount.value == 0 && table.keyCount.value == 0)
    }
}
