import Testing
import Wire

@testable import Commands

@Suite struct ListPositionOptionsTests {
    private func error(_ options: String) -> String? {
        Words.error("LPOS l e " + options) { arguments throws(CommandError) in
            _ = try ListPositionOptions(arguments)
        }
    }

    @Test func `a negative rank searches from the end, and zero means no limit`() throws {
        try Words.with("LPOS l e rank -3 COUNT 0 MAXLEN 5") { arguments throws(CommandError) in
            let options = try ListPositionOptions(arguments)
            #expect(options.reversed)
            #expect(options.skipped == 2)
            #expect(options.count == .max)
            #expect(options.lengthMax == 5)
        }
        try Words.with("LPOS l e") { arguments throws(CommandError) in
            let options = try ListPositionOptions(arguments)
            #expect(!options.reversed)
            #expect(options.skipped == 0)
            #expect(options.count == nil)
            #expect(options.lengthMax == .max)
        }
    }

    @Test func `invalid arguments are rejected`() {
        #expect(error("RANK") == "ERR syntax error")
        #expect(error("JUNK 1") == "ERR syntax error")
        #expect(error("COUNT -1") == "ERR COUNT can't be negative")
        #expect(error("MAXLEN x") == "ERR MAXLEN can't be negative")
        #expect(error("RANK 0")?.hasPrefix("ERR RANK can't be zero: use 1 to start") == true)
        #expect(error("RANK -9223372036854775808")?.hasPrefix("ERR value is out of range") == true)
        #expect(error("RANK -9223372036854775807") == nil)
    }
}
