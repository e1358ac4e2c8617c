import Glibc
import System
import Testing

@Suite struct LogTests {
    @Test func `a line has Redis' form`() {
        let moment = LogLine.Moment((2026, 11, 4), (1, 2, 3, 45))
        let line = LogLine(process: 12, role: .primary, moment: moment, level: .notice, "hello")
        #expect(line.text == "12:M 04 Nov 2026 01:02:03.045 * hello")
    }

    @Test func `levels have marks and names`() {
        let marks = [LogLevel.debug, .verbose, .notice, .warning].map { $0.mark }
        #expect(marks == [".", "-", "*", "#"])
        #expect(LogLevel(name: "nothing") == .nothing)
        #expect(LogLevel(name: "Notice") == nil)
        #expect(LogLevel.debug < .warning)
    }

    @Test func `only lines of the level and above are logged`() {
        let log = Log()
        #expect(!log.shows(.verbose))
        #expect(log.shows(.notice))
        log.show(from: .nothing)
        #expect(!log.shows(.warning))
        #expect(!log.shows(.nothing))
    }

    @Test func `a file that was moved away is created again`() {
        let path = "/tmp/apus-log-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let log = Log()
        log.write(to: path)
        log.become(.primary)
        log(.notice, "one")
        log(.debug, "hidden")
        #expect(lines(path).count == 1)
        unsafe unlink(path)
        log(.warning, "two")
        let last = lines(path)
        unsafe unlink(path)
        #expect(last.count == 1)
        #expect(last[0].hasPrefix("\(getpid()):M "))
        #expect(last[0].hasSuffix(" # two"))
        #expect(last[0].utf8.count == "\(getpid()):M 24 Nov 2026 01:02:03.456 # two".utf8.count)
    }

    @Test func `lines of several threads do not mix`() async {
        let path = "/tmp/apus-log-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let log = Log()
        log.write(to: path)
        let text = String(repeating: "x", count: 300)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<100 { log(.notice, text) } } }
        }
        let all = lines(path)
        unsafe unlink(path)
        #expect(all.count == 400)
        #expect(all.allSatisfy { $0.hasSuffix(" * \(text)") })
    }

    private func lines(_ path: String) -> [String] {
        let file = unsafe open(path, O_RDONLY)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe read(file, buffer.baseAddress, buffer.count)
        }
        return String(decoding: bytes[..<max(count, 0)], as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }
}
