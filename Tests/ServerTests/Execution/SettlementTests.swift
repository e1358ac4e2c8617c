import Primitives
import Store
import Testing

@testable import Commands
@testable import Server

@Suite struct SettlementTests {
    /// What an executor handed over: one line per key event and per record.
    private final class Taken {
        var lines: [String] = []

        func take(_ effects: borrowing Effects) {
            for touch in effects.touches {
                lines.append("\(touch.event.name) \(effects.key(touch).string)")
            }
            guard !effects.isGathering else { return }
            if effects.isGroup { lines.append("group") }
            effects.records.forEach { _, request in
                lines.append(request.string.replacing("\r\n", with: " "))
            }
        }
    }

    private func listen(_ test: TestServer) -> Taken {
        let taken = Taken()
        test.executor.context.effects.consumer = { taken.take($0) }
        return taken
    }

    private func partition(of key: String, _ keyspace: Keyspace) -> Int {
        Array(key.utf8).withBytes { keyspace.partition(keyspace.hasher($0)) }
    }

    @Test(arguments: [1, 4])
    func `changes in marked partitions are handed over, others are not`(threads: Int) throws {
        let test = try TestServer(threads: threads)
        let taken = listen(test)
        let keyspace = test.server.keyspace
        let client = test.client()
        _ = test.run("SET a 1", client)
        #expect(taken.lines.isEmpty)
        for mark in [PartitionMarks.watched, .waited, .tracked] {
            keyspace.mark(partition(of: "a", keyspace), mark, true)
            _ = test.run("SET a 1", client)
            #expect(taken.lines == ["set a"])
            #expect(test.run("GET a", client).reply == "$1\r\n1\r\n")
            #expect(test.run("SCAN 0 COUNT 1000", client).reply.contains("a"))
            #expect(test.run("DEL a", client).reply == ":1\r\n")
            #expect(taken.lines == ["set a", "del a"])
            taken.lines = []
            keyspace.mark(partition(of: "a", keyspace), mark, false)
            _ = test.run("SET a 1", client)
            #expect(taken.lines.isEmpty)
        }
        let wants = test.executor.context.effects.wants
        #expect(wants.isEmpty)
    }

    @Test(arguments: ["GET a", "EXISTS a", "SCAN 0 COUNT 1000", "KEYS *", "RANDOMKEY", ""])
    func `a key that expires is reported, whoever finds it`(line: String) throws {
        let test = try TestServer(threads: 4)
        let client = test.client()
        _ = test.run("SET a 1 PX 1", client)
        let taken = listen(test)
        let keyspace = test.server.keyspace
        keyspace.mark(partition(of: "a", keyspace), .watched, true)
        test.executor.context.now += 10
        if line.isEmpty {
            for worker in test.server.workers {
                worker.executor.context.now = test.executor.context.now
                worker.executor.context.effects.consumer = { taken.take($0) }
                worker.expireSoon()
                worker.tick()
            }
        } else {
            _ = test.run(line, client)
        }
        // KEYS does not remove expired keys.
        #expect(taken.lines == (line == "KEYS *" ? [] : ["expired a"]))
    }

    @Test func `a group's keys are handed over at once, its records at its end`() throws {
        let test = try TestServer()
        let taken = listen(test)
        let session = Session(id: 1)
        test.server.bulletin.post(Bulletin.Notice(wants: .log), by: .journal)
        test.executor.readBulletin()
        test.executor.context.beginGroup()
        _ = test.perform("SET a 1", for: session)
        test.executor.context.beginGroup()
        _ = test.perform("INCR a", for: session)
        _ = test.perform("GET a", for: session)
        test.executor.context.endGroup()
        #expect(taken.lines == ["set a", "incrby a"])
        test.executor.context.endGroup()
        #expect(
            taken.lines.dropFirst(2) == [
                "group", "*3 $3 SET $1 a $1 1 ", "*2 $4 INCR $1 a ",
            ]
        )
        // A single record is not a group.
        test.executor.context.beginGroup()
        _ = test.perform("SET b 1", for: session)
        test.executor.context.endGroup()
        #expect(taken.lines.dropFirst(5) == ["set b", "*3 $3 SET $1 b $1 1 "])
    }
}
