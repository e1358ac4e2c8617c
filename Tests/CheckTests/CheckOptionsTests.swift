import Testing

@testable import apus_check

@Suite("The words of the command line")
struct CheckOptionsTests {
    @Test("a name of old takes the words of old")
    func names() {
        #expect(
            CheckOptions(["/usr/bin/redis-check-rdb", "dump.rdb"])
                == .snapshot(path: "dump.rdb", .facts)
        )
        #expect(
            CheckOptions(["redis-check-aof", "--fix", "a.aof"])
                == .appendOnly(path: "a.aof", .fix)
        )
        #expect(CheckOptions(["redis-check-rdb"]).exitCode == 1)
    }

    @Test("the first word chooses what is checked")
    func words() {
        #expect(
            CheckOptions(["apus-check", "rdb", "--stats", "d.rdb"])
                == .snapshot(path: "d.rdb", .statistics)
        )
        #expect(
            CheckOptions(["apus-check", "rdb", "d.rdb", "--json"])
                == .snapshot(path: "d.rdb", .json)
        )
        #expect(
            CheckOptions(["apus-check", "aof", "--truncate-to-timestamp", "17", "m"])
                == .appendOnly(path: "m", .cut(after: 17))
        )
        #expect(CheckOptions(["apus-check", "aof", "m"]) == .appendOnly(path: "m", .none))
    }

    @Test(
        "anything else explains the words",
        arguments: [
            [], ["rdb"], ["aof"], ["rdb", "a", "b"], ["zork", "a"],
            ["aof", "--truncate-to-timestamp", "x", "m"], ["rdb", "--zork"],
        ]
    )
    func usage(_ words: [String]) {
        #expect(CheckOptions(["apus-check"] + words).exitCode == 1)
    }

    @Test("help is no mistake")
    func help() { #expect(CheckOptions(["apus-check", "--help"]).exitCode == 0) }
}

extension CheckOptions {
    /// The exit code of an explanation; nil for what is to be done.
    fileprivate var exitCode: Int32? {
        guard case .usage(_, let code) = self else { return nil }
        return code
    }
}
