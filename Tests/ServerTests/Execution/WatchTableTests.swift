import Primitives
import Store
import Testing

@testable import Server

@Suite struct WatchTableTests {
    private func hash(_ number: UInt64) -> KeyHash { KeyHash(bits: number) }

    @Test func `a change is seen by all who watch the key, and by nobody else`() {
        let table = WatchTable()
        let first = table.watch(hash(1), 0, exists: true)
        let second = table.watch(hash(1), 0, exists: true)
        let other = table.watch(hash(2), 0, exists: true)
        let elsewhere = table.watch(hash(1), 3, exists: true)
        #expect(first === second && first !== elsewhere && table.count == 3)
        table.noteChange(hash(1), 0)
        #expect(first.version == 1 && other.version == 0 && elsewhere.version == 0)
        table.noteChange(hash(7), 0)
        #expect(table.count == 3)
    }

    @Test func `places go when nobody watches the key any more`() {
        let table = WatchTable()
        let key = table.watch(hash(1), 0, exists: true)
        _ = table.watch(hash(1), 0, exists: true)
        let other = table.watch(hash(2), 0, exists: false)
        key.release()
        table.sweep()
        #expect(table.count == 2 && key.isWatched)
        key.release()
        // A change meets a place that nobody watches before it is swept.
        table.noteChange(hash(1), 0)
        #expect(table.count == 1 && !key.isWatched && key.version == 0)
        // One that is watched again before it is swept stays.
        other.release()
        #expect(table.watch(hash(2), 0, exists: false) === other)
        table.sweep()
        #expect(table.count == 1)
        other.release()
        table.sweep()
        #expect(table.count == 0)
    }

    @Test func `a whole database changes the keys that are there`() {
        let table = WatchTable()
        let there = table.watch(hash(1), 0, exists: true)
        let absent = table.watch(hash(2), 0, exists: false)
        let other = table.watch(hash(3), 1, exists: true)
        table.noteChange(database: 0)
        #expect(there.version == 1 && absent.version == 0 && other.version == 0)
        // It is gone now, for all that is known; a client that comes sees what is there.
        table.noteChange(database: 0)
        #expect(there.version == 1)
        _ = table.watch(hash(1), 0, exists: true)
        table.noteChange(database: 0)
        #expect(there.version == 2)
    }

    @Test func `a partition is marked as long as its keys are watched`() throws {
        let test = try TestServer(threads: 2)
        let keyspace = test.server.keyspace
        let partition = Array("k".utf8).withBytes { keyspace.partition(keyspace.hasher($0)) }
        let client = test.client()
        #expect(test.run("WATCH k k", client).reply == "+OK\r\n")
        #expect(keyspace.marks(of: partition) == .watched)
        #expect(client.session.watches?.count == 1 && test.server.watches.clientCount == 1)
        test.server.watches.sweep(partition)
        #expect(keyspace.marks(of: partition) == .watched && test.server.watches.keyCount == 1)
        #expect(test.run("UNWATCH", client).reply == "+OK\r\n")
        test.server.watches.sweep(partition)
        #expect(!keyspace.isMarked(partition) && test.server.watches.keyCount == 0)
        #expect(test.server.watches.clientCount == 0)
    }
}
