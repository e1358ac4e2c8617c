import Testing

@testable import Server

@Suite struct LaunchArgumentsTests {
    private func lines(_ arguments: String...) -> [String] {
        LaunchArguments(arguments).lines.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a name takes the words up to the next name`() {
        #expect(
            lines("--port", "7000", "--bind", "a", "b") == [#"port "7000""#, #"bind "a" "b""#]
        )
    }

    @Test func `a name and its value may be a single word`() {
        #expect(lines("--bind 127.0.0.1 ::1") == ["bind 127.0.0.1 ::1"])
        #expect(
            lines("--port 6380", "--threads", "2", "--hz 5", "--timeout 7")
                == ["port 6380", #"threads "2""#, "hz 5", "timeout 7"]
        )
        #expect(lines("--port=7000") == ["port=7000"])
    }

    @Test func `the word after a name is its value whatever it looks like`() {
        #expect(
            lines("--requirepass", "--foo", "--timeout", "5")
                == [#"requirepass "--foo""#, #"timeout "5""#]
        )
    }

    @Test func `save may have no arguments`() {
        #expect(lines("--save", "--port", "1") == [#"save """#, #"port "1""#])
        #expect(lines("--save") == [#"save """#])
        #expect(
            lines("--save", "1", "2", "--save", "3", "4") == [#"save "1" "2""#, #"save "3" "4""#]
        )
    }

    @Test func `hyphens alone start a line without a name`() {
        #expect(
            lines("--port", "1", "--", "--timeout", "5") == [#"port "1""#, #""--timeout" "5""#]
        )
        #expect(lines("-x", "1") == [#""-x" "1""#])
    }

    @Test func `a first word without a hyphen is the file`() {
        let arguments = LaunchArguments(["apus.conf", "--port", "1", "-"])
        #expect(arguments.path == "apus.conf")
        #expect(arguments.readsStandardInput)
        #expect(arguments.lines.count == 1)
        #expect(LaunchArguments(["-"]).readsStandardInput)
        #expect(LaunchArguments(["-"]).path == nil)
    }

    @Test func `the first word may ask for version or help`() {
        #expect(LaunchArguments(["-v"]).request == .showVersion)
        #expect(LaunchArguments(["--help", "x"]).request == .showHelp)
        #expect(LaunchArguments([]).request == .serve)
    }
}
