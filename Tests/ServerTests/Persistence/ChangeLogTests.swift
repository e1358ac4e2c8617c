@testable import Commands
import Primitives
@testable import Server
import Testing

struct ChangeLogTests {
    /// The changes of a command, as words of requests with their databases.
    private func append(_ records: [(Int, StaticString)], to log: ChangeLog) {
        var effects = Effects()
        effects.record(for: .log)
        for (database, name) in records {
            effects.records.begin(name, in: database)
            effects.records.end()
        }
        log.append(effects)
        effects.records.removeAll()
    }

    /// What has been logged, with the lines joined.
    private func taken(_ log: ChangeLog) -> String {
        log.take(leaving: ChangeLog.Chunk()).chunk.buffer.bytes.string
            .split(separator: "\r\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("*") && !$0.hasPrefix("$") && !$0.isEmpty }
            .joined(separator: " ")
    }

    @Test func databasesAreSelectedOnce() {
        let log = ChangeLog()
        append([(0, "A")], to: log)
        append([(0, "B")], to: log)
        append([(3, "C")], to: log)
        #expect(taken(log) == "SELECT 0 A B SELECT 3 C")
        append([(3, "D")], to: log)
        #expect(taken(log) == "D")
        log.cut()
        append([(3, "E")], to: log)
        #expect(taken(log) == "SELECT 3 E")
    }

    @Test func severalRecordsAreOne() {
        let log = ChangeLog()
        append([(0, "A"), (1, "B")], to: log)
        #expect(taken(log) == "MULTI SELECT 0 A SELECT 1 B EXEC")
        append([], to: log)
        #expect(taken(log) == "")
    }

    @Test func placesAreCounted() {
        let log = ChangeLog()
        #expect(log.end == 0)
        append([(0, "A")], to: log)
        let (chunk, end) = log.take(leaving: ChangeLog.Chunk())
        #expect(end == UInt64(chunk.buffer.count) && log.end == end)
        append([(0, "A")], to: log)
        #expect(log.end > end && log.waitingBytes == Int(log.end - end))
    }
}
