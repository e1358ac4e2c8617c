import Primitives
import Testing

@testable import Server

@Suite struct LeavingClientsTests {
    /// Subscribes a client to `channel 0`, … and as many patterns.
    private func subscribe(_ client: Connection, _ worker: Worker, count: Int) {
        for number in 0..<count {
            Array("channel \(number)".utf8).withBytes {
                worker.subscribe(client, to: $0, .channel)
                worker.subscribe(client, to: $0, .pattern)
            }
        }
    }

    @Test func `closed clients leave in slices, in any order, and others stay`() throws {
        let test = try TestServer(threads: 1)
        let worker = test.worker
        let clients = (0..<4).map { test.client(id: UInt64($0)) }
        for (number, client) in clients.enumerated() {
            subscribe(client, worker, count: 700 + 100 * number)
        }
        for client in [clients[2], clients[0], clients[1]] { worker.leave(client) }
        #expect(!worker.leaving.isEmpty, "there is more than one slice")
        var slices = 0
        while !worker.leaving.isEmpty {
            worker.endSomeSubscriptions()
            slices += 1
            try #require(slices < 100)
        }
        #expect(slices >= 5)
        for client in clients[0..<3] { #expect(client.session.subscriptions == nil) }
        #expect(clients[3].session.subscriptions?.count == 2000)
        let channels = test.server.channels
        #expect(channels.count(.channel) == 1000 && channels.count(.pattern) == 1000)
        #expect(channels.clientCount == 1)
        worker.unsubscribeAll(clients[3])
        #expect(channels.count(.channel) == 0 && channels.count(.pattern) == 0)
    }
}
