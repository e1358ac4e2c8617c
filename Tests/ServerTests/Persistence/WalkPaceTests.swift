import Testing

@testable import Server

@Suite("The pace of a snapshot's walk")
struct WalkPaceTests {
    @Test("The first walk may begin at once")
    func first() {
        #expect(WalkPace().allows(at: 1, commands: 0))
        #expect(WalkPace().allows(at: 1, commands: 100))
    }

    @Test("An idle worker walks again at once")
    func idle() {
        var pace = WalkPace()
        pace.note(from: 1000, to: 1250, commands: 7)
        #expect(pace.allows(at: 1250, commands: 7))
    }

    @Test("A busy worker serves for seven times as long as it walked")
    func busy() {
        var pace = WalkPace()
        pace.note(from: 1000, to: 1250, commands: 7)
        #expect(!pace.allows(at: 1250, commands: 8))
        #expect(!pace.allows(at: 2999, commands: 900))
        #expect(pace.allows(at: 3000, commands: 900))
    }
}
