import Primitives
import Testing
import Wire

@testable import Commands

@Suite struct ArgumentReaderTests {
    @Test func `integers are parsed as strictly as in Redis`() throws {
        for (word, number) in [
            ("0", 0), ("-1", -1), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", Int64.min),
        ] {
            let read = try Words.with(word) { arguments throws(CommandError) in
                try arguments.integer(0)
            }
            #expect(read == number)
        }
        for word in ["\"\"", "+1", "01", "-0", "1.0", "0x1", "9223372036854775808", "x"] {
            let error = Words.error(word) { arguments throws(CommandError) in
                _ = try arguments.integer(0)
            }
            #expect(error == "ERR value is not an integer or out of range", "\(word)")
        }
    }

    @Test func `a number out of range is the caller's error`() {
        for word in ["-1", "11", "x"] {
            let error = Words.error(word) { arguments throws(CommandError) in
                _ = try arguments.integer(0, in: 0...10, or: .notPositive)
            }
            #expect(error == "ERR value is out of range, must be positive")
        }
        let none = Words.error("10") { arguments throws(CommandError) in
            _ = try arguments.integer(0, in: 0...10, or: .notPositive)
        }
        #expect(none == nil)
    }

    @Test func `databases are counted from zero`() {
        func error(_ word: String) -> String? {
            Words.error(word) { arguments throws(CommandError) in
                _ = try arguments.databaseIndex(0, count: 16)
            }
        }
        #expect(error("0") == nil)
        #expect(error("15") == nil)
        #expect(error("16") == "ERR DB index is out of range")
        #expect(error("-1") == "ERR DB index is out of range")
        #expect(error("x") == "ERR value is not an integer or out of range")
        #expect(
            error("4294967296")
                == "ERR value is out of range, value must between -2147483648 and 2147483647"
        )
    }

    @Test func `numbers with a point are parsed, but NaN is rejected`() throws {
        let read = try Words.with("-2.5e1") { arguments throws(CommandError) in
            try arguments.float(0)
        }
        #expect(read == -25)
        for word in ["nan", "1.2.3", "\"\"", "x"] {
            let error = Words.error(word) { arguments throws(CommandError) in
                _ = try arguments.float(0)
            }
            #expect(error == "ERR value is not a valid float", "\(word)")
        }
    }
}
