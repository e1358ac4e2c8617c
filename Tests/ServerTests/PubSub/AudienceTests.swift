import Primitives
import Testing

@testable import Server

@Suite struct AudienceTests {
    @Test func `members keep their order while others are added and removed`() throws {
        let test = try TestServer(threads: 1)
        let worker = test.worker
        let clients = (0..<20).map { test.client(id: UInt64($0)) }
        let names = (0..<5).map { Array("channel \($0)".utf8) }
        var model = Set<[Int]>()
        var random = FastRandom(seed: 11)
        for _ in 0..<5_000 {
            let client = Int(random.next() % 20)
            let channel = Int(random.next() % 5)
            names[channel].withBytes { name in
                if model.remove([client, channel]) != nil {
                    worker.unsubscribe(clients[client], from: name, .channel)
                } else {
                    worker.subscribe(clients[client], to: name, .channel)
                    model.insert([client, channel])
                }
            }
            for channel in 0..<5 {
                let listeners = names[channel].withBytes { name in
                    let hash = test.server.channels.hasher(name).bits
                    return worker.audiences.find(.channel, name, hash)?.listeners ?? []
                }
                let expected = model.filter { $0[1] == channel }.map { UInt64($0[0]) }
                #expect(Set(listeners.map(\.connection.session.id)) == Set(expected))
                #expect(listeners.count == expected.count)
            }
        }
        for (number, client) in clients.enumerated() {
            let count = client.session.subscriptions?.count ?? 0
            #expect(count == model.count { $0[0] == number })
            #expect(client.session.traits.contains(.subscribed) == (count > 0))
            worker.unsubscribeAll(client)
        }
        #expect(test.server.channels.count(.channel) == 0)
    }
}
