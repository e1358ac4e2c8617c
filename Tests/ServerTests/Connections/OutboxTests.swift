import Testing

@testable import Server

@Suite struct OutboxTests {
    private static func client(_ descriptor: Int32) -> Connection {
        Connection(
            descriptor: descriptor,
            session: Session(id: UInt64(descriptor)),
            now: 0
        )
    }

    @Test func `adjacent replies to a client are sent together`() {
        var outbox = Outbox()
        let (one, two) = (Self.client(1), Self.client(2))
        let joined = [outbox.finish(one, 0..<10), outbox.finish(one, 10..<15)]
        #expect(joined == [true, true])
        let isOther = outbox.finish(two, 15..<20)
        #expect(isOther)
        #expect(outbox.finished.map(\.range) == [0..<15, 15..<20])
        // Another reply lies in between, so this part cannot wait with the rest.
        let isApart = !outbox.finish(one, 20..<30)
        #expect(isApart)
        #expect(outbox.finished.count == 2)
    }

    @Test func `the same bytes are sent to many clients`() {
        var outbox = Outbox()
        let clients = (1...1000).map { Self.client(Int32($0)) }
        let isFirst = outbox.finish(clients[3], 0..<7)
        #expect(isFirst)
        let first = clients.filter { !outbox.finish($0, 7..<19) }
        // A second message directly after the first is sent with it.
        let second = clients.filter { !outbox.finish($0, 19..<20) }
        #expect(first.isEmpty && second.isEmpty)
        #expect(outbox.finished.count == 1000)
        #expect(outbox.finished.first?.range == 0..<20)
        #expect(outbox.finished.dropFirst().allSatisfy { $0.range == 7..<20 })
    }
}
