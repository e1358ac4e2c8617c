import Primitives
import Testing

@testable import Server

@Suite struct ClientFiguresTests {
    @Test(arguments: [0, 1, 255, 256, 257, 1000, 10_000])
    func `the ticks of a round visit each slot once`(count: Int) {
        var round = ClientRound()
        var seen: [Int] = []
        var ticks = 0
        repeat {
            seen += round.places(of: count, ticks: 10)
            ticks += 1
        } while !round.isComplete
        #expect(seen == Array(0..<count) && ticks <= 10)
    }

    @Test func `a round starts over and is published as a whole`() {
        var round = ClientRound()
        let figures = ClientFigures()
        _ = round.places(of: 2, ticks: 10)
        round.note(bytes: 300, input: 5, output: 70)
        round.note(bytes: 400, input: 50, output: 7)
        figures.publish(round)
        let first = (figures.bytes.value, figures.inputMax.value, figures.outputMax.value)
        #expect(first == (700, 50, 70))
        _ = round.places(of: 2, ticks: 10)
        figures.publish(round)
        let second = (figures.bytes.value, figures.inputMax.value, figures.outputMax.value)
        #expect(second == (0, 0, 0))
    }

    @Test func `a table that shrinks during a round ends it`() {
        var round = ClientRound()
        _ = round.places(of: 10_000, ticks: 10)
        #expect(!round.isComplete)
        #expect(round.places(of: 100, ticks: 10).isEmpty && round.isComplete)
        #expect(round.places(of: 100, ticks: 10) == 0..<100)
    }
}
