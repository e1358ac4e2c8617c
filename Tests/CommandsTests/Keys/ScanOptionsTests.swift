import Primitives
import Testing
import Wire

@testable import Commands

@Suite struct ScanOptionsTests {
    @Test func `a cursor is a number of 64 bits`() {
        for (word, expected) in [
            ("0", 0), ("007", 7), ("+5", 5), ("-1", UInt64.max), ("18446744073709551615", .max),
        ] {
            let cursor = Array(word.utf8).withBytes { try? ScanOptions.cursor($0) }
            #expect(cursor == expected)
        }
        for word in ["-", "+", "x", "1 ", "1-", "18446744073709551616"] {
            let cursor = Array(word.utf8).withBytes { try? ScanOptions.cursor($0) }
            #expect(cursor == nil, "\(word)")
        }
    }

    @Test func `options come in any order and the last counts`() throws {
        try Words.with("SCAN 5 match a* count 7 COUNT 9 NOVALUES") {
            arguments throws(CommandError) in
            let options = try ScanOptions(arguments, cursorAt: 1, bareWord: "NOVALUES")
            #expect(options.cursor == 5)
            #expect(options.count == 9)
            #expect(options.isBare)
            #expect(options.matches(Bytes("abc")))
            #expect(!options.matches(Bytes("bc")))
        }
    }

    @Test func `invalid arguments are rejected`() {
        func error(_ line: String) -> String? {
            Words.error(line) { arguments throws(CommandError) in
                _ = try ScanOptions(arguments, cursorAt: 1)
            }
        }
        #expect(error("SCAN 0") == nil)
        #expect(error("SCAN x") == "ERR invalid cursor")
        for rest in ["COUNT 0", "COUNT -1", "COUNT", "MATCH", "TYPE set", "NOVALUES", "junk 1"] {
            #expect(error("SCAN 0 " + rest) == "ERR syntax error", "\(rest)")
        }
        #expect(error("SCAN 0 COUNT x") == "ERR value is not an integer or out of range")
    }
}
