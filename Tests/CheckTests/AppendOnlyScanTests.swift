import Primitives
import Testing

@testable import apus_check

@Suite("Scanning an append-only file")
struct AppendOnlyScanTests {
    private func scan(
        _ text: String,
        until time: Int64? = nil
    ) -> (end: AppendOnlyScan.End, sound: Int, problem: String?) {
        Array(text.utf8).withBytes { bytes in
            var scan = AppendOnlyScan(bytes, from: 0, name: "a")
            let end = scan.run(until: time)
            return (end, scan.soundEnd, scan.problem)
        }
    }

    private let set = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"

    @Test("whole commands are sound")
    func whole() {
        #expect(scan(set + set).sound == 2 * set.utf8.count)
        #expect(scan(set + set).problem == nil)
    }

    @Test("wherever the end is torn off, the commands before it stay")
    func torn() {
        for count in 1..<set.utf8.count {
            let result = scan(set + String(decoding: set.utf8.prefix(count), as: UTF8.self))
            #expect(result.sound == set.utf8.count, "\(count)")
        }
    }

    @Test("a transaction is sound as a whole")
    func transaction() {
        let begin = "*1\r\n$5\r\nMULTI\r\n"
        let end = "*1\r\n$4\r\nEXEC\r\n"
        let whole = begin + set + end
        #expect(scan(set + whole).sound == (set + whole).utf8.count)
        let open = scan(set + begin + set)
        #expect(open.sound == set.utf8.count)
        #expect(open.problem?.hasSuffix("Reached EOF before reading EXEC for MULTI") == true)
        #expect(scan(set + end).problem?.hasSuffix("Unexpected EXEC in AOF a") == true)
        #expect(scan(begin + begin).problem?.hasSuffix("Unexpected MULTI in AOF a") == true)
    }

    @Test("a later time ends the scan")
    func time() {
        let file = "#TS:100\r\n" + set + "#TS:200\r\n" + set
        #expect(scan(file).sound == file.utf8.count)
        let cut = scan(file, until: 150)
        #expect(cut.end == .later)
        #expect(cut.sound == ("#TS:100\r\n" + set).utf8.count)
        #expect(scan(file, until: 200).end == .through)
    }

    @Test("the problem is told with its place")
    func problem() {
        #expect(
            scan(String(decoding: set.utf8.dropLast(1), as: UTF8.self)).problem
                == "0x              18: Expected to read 3 bytes, got 2 bytes"
        )
        #expect(
            scan("*1\r\n+3\r\n").problem == "0x               4: Expected prefix '$', got: '+'"
        )
    }
}
