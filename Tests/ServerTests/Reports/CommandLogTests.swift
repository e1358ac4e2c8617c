import Primitives
import Testing

@testable import Server

@Suite struct CommandLogTests {
    private func entry(_ measure: Int64) -> CommandLog.Entry {
        CommandLog.Entry(time: 0, measure: measure, words: [], client: [], name: [])
    }

    @Test func `each kind has its own entries and ids`() {
        let log = CommandLog()
        log.note(entry(1), .slow, limit: 10)
        log.note(entry(2), .slow, limit: 10)
        log.note(entry(3), .largeReply, limit: 10)
        #expect(log.latest(.slow, .max, limit: 10).map(\.measure) == [2, 1])
        #expect(log.latest(.slow, 1, limit: 10).map(\.id) == [1])
        #expect(log.latest(.largeReply, .max, limit: 10).map(\.id) == [0])
        log.reset(.slow)
        log.note(entry(4), .slow, limit: 10)
        #expect(log.latest(.slow, .max, limit: 10).map(\.id) == [2])
    }

    @Test(arguments: [0, 1, 5, 100]) func `up to the limit, entries are kept`(_ limit: Int) {
        let log = CommandLog()
        for measure in 0..<1000 { log.note(entry(Int64(measure)), .slow, limit: limit) }
        #expect(log.count(.slow, limit: limit) == limit)
        let told = log.latest(.slow, .max, limit: limit).map(\.measure)
        #expect(told == (0..<limit).map { Int64(999 - $0) })
    }

    @Test func `the name of a kind may be in either case`() {
        #expect(CommandLog.Kind(Bytes("large-Request")) == .largeRequest)
        #expect(CommandLog.Kind(Bytes("fast")) == nil)
    }
}
