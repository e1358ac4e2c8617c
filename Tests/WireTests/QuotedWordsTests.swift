import Testing

@testable import Wire

@Suite struct QuotedWordsTests {
    @Test(arguments: [
        ("set a b", ["set", "a", "b"]), ("  set\t a ", ["set", "a"]),
        (#"set "a b" c"#, ["set", "a b", "c"]), (#"'it\'s' x"#, ["it's", "x"]),
        (#""\x41\x7a\n""#, ["Az\n"]), (#""\q\"""#, ["q\""]), (#"a"b""#, ["ab"]), (#""""#, [""]),
        (#"'a\nb'"#, [#"a\nb"#]),
    ])
    func `a line is split and unquoted`(line: String, expected: [String]) {
        var feed = RequestFeed()
        feed.receive("\(line)\r\n".utf8)
        let requests = feed.requests
        #expect(requests == [expected.map { Array($0.utf8) }])
    }

    @Test(arguments: [#""a"#, #"'a"#, #""a"b"#, #"'a'b"#, #""a\"#])
    func `quotes must close before a space`(line: String) {
        var feed = RequestFeed()
        feed.receive("\(line)\r\n".utf8)
        let failure = feed.failure
        #expect(failure == .unbalancedQuotes)
    }
}
