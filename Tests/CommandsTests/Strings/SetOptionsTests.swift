import Testing
import Wire

@testable import Commands

@Suite struct SetOptionsTests {
    private static let now: Int64 = 1_000_000

    private func expiry(_ options: String) throws -> Int64? {
        try Words.with("SET k v " + options) { arguments throws(CommandError) in
            try SetOptions(arguments, from: 3, now: SetOptionsTests.now).expiry
        }
    }

    private func error(_ options: String) -> String? {
        Words.error("SET k v " + options) { arguments throws(CommandError) in
            _ = try SetOptions(arguments, from: 3, now: SetOptionsTests.now)
        }
    }

    @Test func `expiries are logged as absolute times, whatever their unit`() throws {
        #expect(try expiry("") == nil)
        #expect(try expiry("EX 10") == 1_010_000)
        #expect(try expiry("px 10") == 1_000_010)
        #expect(try expiry("EXAT 5000 GET") == 5_000_000)
        #expect(try expiry("NX PXAT 5000000") == 5_000_000)
    }

    @Test func `GET and KEEPTTL are recorded`() throws {
        try Words.with("SET k v get keepttl XX") { arguments throws(CommandError) in
            let options = try SetOptions(arguments, from: 3, now: 0)
            #expect(options.returnsOld)
            #expect(options.keepsExpiry)
            #expect(options.expiry == nil)
        }
    }

    @Test func `mutually exclusive options are rejected`() {
        for options in [
            "NX XX", "EX 1 PX 1", "EX 1 KEEPTTL", "KEEPTTL PX 1", "EX", "junk", "GET junk",
        ] {
            #expect(error(options) == "ERR syntax error", "\(options)")
        }
        for options in ["EX 0", "PX -1", "EX 9223372036854775807"] {
            #expect(error(options) == "ERR invalid expire time in 'test' command", "\(options)")
        }
        #expect(error("EX x") == "ERR value is not an integer or out of range")
        #expect(error("EX 0 junk") == "ERR syntax error")
    }
}
