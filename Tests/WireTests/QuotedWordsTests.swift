import Testing

@testable import Wire

@Suite struct QuotedWordsTests {
    @Test(arguments: [
        ("set a b", ["set", "a", "b"]), ("  set\t a ", ["set", "a"]),
        (#"set "a b" c"#, ["set", "a b", "c"]), (#"'it\'s' x"#, ["it's", "x"]),
        (#""\x41\x7a\n""#, ["Az\n"]), (#""\q\"""#, ["q\""]), (#"a"b""#, ["ab"]), (#""""#, [""]),
        (#"'a\nb'"#, [#"a\nb"#]), ("a\u{B}b\u{C}", ["a\u{B}b\u{C}"]), ("\u{B}a", ["a"]),
        (#""a b" "\n\r\t\b\a\\\"\q""#, ["a b", "\n\r\t\u{8}\u{7}\\\"q"]),
        (#"'it\'s' '\n' ''"#, ["it's", "\\n", ""]), (#"a"b c" d"#, ["ab c", "d"]),
        ("\"a\"\u{C}b", ["a", "b"]), (#"a#b # c"#, ["a#b", "#", "c"]), (#""\xZZ\x4""#, ["xZZx4"]),
    ])
    func `a line is split and unquoted`(line: String, expected: [String]) {
        var feed = RequestFeed()
        feed.receive("\(line)\r\n".utf8)
        let requests = feed.requests
        #expect(requests == [expected.map { Array($0.utf8) }])
    }

    @Test(arguments: [#""a"#, #"'a"#, #""a"b"#, #"'a'b"#, #""a\"#])
    func `quotes must be closed before a space`(line: String) {
        var feed = RequestFeed()
        feed.receive("\(line)\r\n".utf8)
        let failure = feed.failure
        #expect(failure == .unbalancedQuotes)
    }

    @Test func `quoted bytes read back as they were`() {
        let all = (0...255).map { UInt8($0) }
        let line = QuotedWords.quoted(all)
        #expect(line.allSatisfy { (0x20..<0x7F).contains($0) })
        #expect(QuotedWords.split(line) == [all])
        let few = QuotedWords.quoted([0, 7, 10, 34, 92, 127, 65])
        #expect(String(decoding: few, as: UTF8.self) == #""\x00\a\n\"\\\x7fA""#)
        #expect(QuotedWords.split(Array(#""\xff\x00""#.utf8)) == [[255, 0]])
        #expect(QuotedWords.split([]) == [] && QuotedWords.split(Array(" \t ".utf8)) == [])
    }

    @Test func `every short line is parsed or rejected`() {
        // All lines of up to five of the bytes that are special in the grammar.
        let letters = Array("\"'\\xn4 ".utf8)
        var lines: [[UInt8]] = [[]]
        for _ in 0..<5 {
            lines = lines.flatMap { line in letters.map { line + [$0] } }
            for line in lines {
                guard let words = QuotedWords.split(line) else { continue }
                let again = words.map(QuotedWords.quoted).joined(separator: [UInt8(ascii: " ")])
                #expect(QuotedWords.split(Array(again)) == words)
            }
        }
    }
}
