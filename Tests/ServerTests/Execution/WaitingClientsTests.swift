import Store
import Testing

@testable import Commands
@testable import Server

@Suite struct WaitingClientsTests {
    private static func client(_ id: UInt64, _ wait: Wait) -> Connection {
        let connection = Connection(descriptor: Int32(id), session: Session(id: id), now: 0)
        connection.waiting = WaitingRequests(wait)
        connection.state.insert(.waits)
        return connection
    }

    private static func ids(_ clients: ArraySlice<Connection>) -> [UInt64] {
        clients.map { $0.session.id }
    }

    @Test func `clients that wait for keys retry in order when work has ended`() {
        var waiting = WaitingClients()
        for id in 1...40 { waiting.file(Self.client(UInt64(id), .keys)) }
        #expect(!waiting.isBusy && waiting.count == 40)
        waiting.roundEnded(now: .max)
        #expect(!waiting.isBusy)
        waiting.workEnded()
        #expect(waiting.isBusy)
        let taken1 = Self.ids(waiting.takeReady())
        #expect(taken1 == Array(1...32))
        let taken2 = Self.ids(waiting.takeReady())
        #expect(taken2 == Array(33...40) && waiting.count == 0)
    }

    @Test func `clients that wait for partitions retry every round`() {
        var waiting = WaitingClients()
        waiting.file(Self.client(1, .partitions))
        #expect(waiting.mustLookAgain && !waiting.isBusy)
        waiting.roundEnded(now: 0)
        let taken3 = Self.ids(waiting.takeReady())
        #expect(!waiting.mustLookAgain && taken3 == [1])
    }

    @Test func `times come in order, equal ones as they were filed`() {
        var waiting = WaitingClients()
        for (id, moment) in [(1, 300), (2, 100), (3, 200), (4, 100), (5, 300)] {
            waiting.file(Self.client(UInt64(id), .time(Int64(moment))))
        }
        #expect(waiting.nearestMoment == 100)
        waiting.roundEnded(now: 99)
        #expect(!waiting.isBusy)
        waiting.roundEnded(now: 200)
        let taken4 = Self.ids(waiting.takeReady())
        #expect(taken4 == [2, 4, 3] && waiting.nearestMoment == 300)
        waiting.roundEnded(now: 1000)
        let taken5 = Self.ids(waiting.takeReady())
        #expect(taken5 == [1, 5] && waiting.nearestMoment == nil)
    }

    @Test func `clients that are paused retry in order when the pause is over`() {
        var waiting = WaitingClients()
        let clients = (1...3).map { Self.client(UInt64($0), .pause) }
        for client in clients { waiting.file(client) }
        #expect(waiting.hasPaused && !waiting.isBusy && waiting.count == 3)
        waiting.remove(clients[1])
        waiting.roundEnded(now: .max)
        #expect(!waiting.isBusy)
        waiting.pauseEnded()
        let taken = Self.ids(waiting.takeReady())
        #expect(taken == [1, 3] && !waiting.hasPaused && waiting.count == 0)
    }

    @Test func `the last answer makes a client ready`() {
        var waiting = WaitingClients()
        waiting.file(Self.client(1, .answers(2)))
        waiting.file(Self.client(2, .answers(1)))
        waiting.file(Self.client(3, .answers(0)))
        let taken6 = Self.ids(waiting.takeReady())
        #expect(taken6 == [3])
        waiting.answered(session: 1)
        waiting.answered(session: 99)
        #expect(!waiting.isBusy)
        waiting.answered(session: 2)
        waiting.answered(session: 1)
        let taken7 = Self.ids(waiting.takeReady())
        #expect(taken7 == [2, 1])
    }

    @Test func `sliced commands take turns, and only a limited number starts`() {
        var waiting = WaitingClients()
        for id in 1...UInt64(WaitingClients.worksMax) {
            #expect(waiting.mayBeginWork)
            waiting.file(Self.client(id, .turn(WorkID(number: id))))
        }
        #expect(!waiting.mayBeginWork && waiting.isBusy)
        let first = waiting.takeTurn()
        #expect(first?.session.id == 1)
        if let first { waiting.file(first) }
        let taken8 = waiting.takeTurn()?.session.id
        #expect(taken8 == 2)
    }

    @Test func `a closed client is forgotten, except for work that it has started`() {
        var waiting = WaitingClients()
        let waits: [Wait] = [
            .keys, .partitions, .time(5), .answers(1), .turn(WorkID(number: 7)),
        ]
        let clients = waits.enumerated().map { Self.client(UInt64($0.offset), $0.element) }
        for client in clients { waiting.file(client) }
        for client in clients { waiting.remove(client) }
        #expect(waiting.count == 1)
        let taken9 = waiting.takeTurn()?.session.id
        #expect(taken9 == 4)
        waiting.workEnded()
        waiting.roundEnded(now: 10)
        let taken10 = waiting.takeReady().isEmpty
        #expect(taken10)
    }
}
