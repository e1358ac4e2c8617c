import Primitives
import Testing

@testable import Server

@Suite struct AccessLogTests {
    private func note(_ log: AccessLog, _ object: String, now: Int64 = 0, limit: Int = 100) {
        Array(object.utf8).withBytes {
            log.note(
                .key,
                .toplevel,
                object: $0,
                user: Bytes("amy"),
                client: Bytes("id=1"),
                now: now,
                limit: limit
            )
        }
    }

    private func told(_ log: AccessLog, limit: Int = 100) -> [String] {
        log.latest(.max, limit: limit).map {
            String(decoding: $0.object, as: UTF8.self) + "×\($0.count)"
        }
    }

    @Test func `equal denials share one entry, which moves to the front`() {
        let log = AccessLog()
        for object in ["a", "b", "a", "c", "b"] { note(log, object) }
        #expect(told(log) == ["b×2", "c×1", "a×2"])
        #expect(log.latest(.max, limit: 100).map(\.id) == [1, 2, 0])
    }

    @Test func `a denial more than a minute later is a new entry`() {
        let log = AccessLog()
        note(log, "a", now: 1)
        note(log, "a", now: 60_001)
        note(log, "a", now: 120_002)
        #expect(told(log) == ["a×1", "a×2"])
    }

    @Test func `only the latest entries are searched for an equal one`() {
        let log = AccessLog()
        note(log, "a")
        for object in 0..<10 { note(log, "\(object)") }
        note(log, "a")
        #expect(told(log).filter { $0.hasPrefix("a") } == ["a×1", "a×1"])
    }

    @Test func `no more data is kept than allowed`() {
        let log = AccessLog()
        for object in 0..<1000 { note(log, "\(object)", limit: 5) }
        #expect(told(log, limit: 5) == ["999×1", "998×1", "997×1", "996×1", "995×1"])
        note(log, "x", limit: 0)
        #expect(told(log).isEmpty)
    }
}
