import Testing

@testable import Server

@Suite struct ArrivalsTests {
    /// How many requests are worth waiting for after a window of this many milliseconds.
    private func gathered(_ count: Int, connections: Int, milliseconds: Int64 = 1) -> UInt32 {
        var arrivals = Arrivals()
        arrivals.look(at: 1000)
        for index in 0..<count { arrivals.note(isFirst: index < connections) }
        arrivals.look(at: 1000 + milliseconds)
        return arrivals.worthWaitingFor
    }

    @Test func `a new worker waits for the first request alone`() {
        #expect(Arrivals().worthWaitingFor == 1)
        #expect(gathered(0, connections: 0) == 1)
    }

    @Test func `a few busy clients are never kept waiting`() {
        for connections in 1...11 { #expect(gathered(500, connections: connections) == 1) }
        #expect(gathered(500, connections: 12) == 4)
    }

    @Test func `many idle clients are not kept waiting`() {
        #expect(gathered(39, connections: 39) == 1)
        #expect(gathered(40, connections: 40) == 13)
        #expect(gathered(400, connections: 400, milliseconds: 100) == 1)
    }

    @Test func `the driver never waits for more than the bound`() {
        #expect(gathered(90, connections: 30) == 10)
        #expect(gathered(100_000, connections: 1000) == Arrivals.gatheredMax)
    }

    @Test func `a quiet window ends the wait`() {
        var arrivals = Arrivals()
        arrivals.look(at: 1)
        for index in 0..<100 { arrivals.note(isFirst: index < 50) }
        arrivals.look(at: 2)
        #expect(arrivals.worthWaitingFor == 16)
        arrivals.look(at: 2)
        #expect(arrivals.worthWaitingFor == 16)
        arrivals.look(at: 3)
        #expect(arrivals.worthWaitingFor == 1)
    }
}
