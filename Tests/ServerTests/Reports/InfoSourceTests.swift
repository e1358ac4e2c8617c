import Testing

@testable import Server

@Suite struct InfoSourceTests {
    @Test func `a report sees the keyspace at one moment`() throws {
        let server = try idleServer(threads: 2)
        server.set("a")
        let source = server.source
        #expect(source.keyspace.databases[0].keys == 1)
        server.set("b")
        #expect(source.keyspace.databases[0].keys == 1 && source.memory.keys == 1)
        #expect(server.source.keyspace.databases[0].keys == 2)
    }

    @Test func `clients' figures cover all workers`() throws {
        let server = try idleServer(threads: 2)
        for (index, worker) in server.workers.enumerated() {
            var round = ClientRound()
            round.note(bytes: 100, input: 10 + index, output: 20 - index)
            worker.clientFigures.publish(round)
        }
        #expect(server.source.inputMax == 11 && server.source.outputMax == 20)
        #expect(server.source.memory.clients == 200)
    }

    @Test func `the peak of memory is the maximum that was used`() throws {
        let server = try idleServer()
        for number in 0..<100 { server.set("k\(number)") }
        let used = server.source.memory.used
        #expect(server.peakBytes == used)
        server.notePeak(used - 1)
        #expect(server.peakBytes == used && server.source.memory.peak == used)
    }

    @Test func `cycles are converted to milliseconds without trapping`() throws {
        let source = try idleServer().source
        #expect(source.milliseconds(0) == 0 && source.milliseconds(.max) > 0)
    }
}
