import Testing

@testable import Server

@Suite struct ConfigurationParserTests {
    private func words(_ line: String) -> [String]? {
        ConfigurationParser.words(in: Array(line.utf8))?.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `words are separated by any run of spaces`() {
        #expect(words("bind 127.0.0.1\t ::1 ") == ["bind", "127.0.0.1", "::1"])
        #expect(words(" \u{0B} ") == [])
        #expect(words("a#b # c") == ["a#b", "#", "c"])
    }

    @Test func `double quotes read escapes`() {
        #expect(words(#""a\x41\n\r\t\b\a\q\\ \"z""#) == ["aA\n\r\t\u{8}\u{7}q\\ \"z"])
        #expect(words(#""\xZZ\x4""#) == ["xZZx4"])
        #expect(words(#"ab"c""#) == ["abc"])
        #expect(words("\"\"") == [""])
    }

    @Test func `single quotes read only an escaped quote`() {
        #expect(words(#"'a\'b\nc'"#) == [#"a'b\nc"#])
    }

    @Test(arguments: ["\"a", "'a", "\"a\"b", "'a'b", "\"a\\", "x \"\"\"\""])
    func `a quote that is open or runs on is refused`(_ line: String) {
        #expect(words(line) == nil)
    }

    @Test func `quoted bytes read back as they were`() {
        let all = (0...255).map { UInt8($0) }
        let line = ConfigurationParser.quoted(all)
        #expect(line.allSatisfy { (0x20..<0x7F).contains($0) })
        #expect(ConfigurationParser.words(in: line) == [all])
    }

    @Test func `every short line is read or refused`() {
        // All lines of up to five of the bytes that mean something to the grammar.
        let letters = Array("\"'\\xn4 ".utf8)
        var lines: [[UInt8]] = [[]]
        for _ in 0..<5 {
            lines = lines.flatMap { line in letters.map { line + [$0] } }
            for line in lines {
                guard let words = ConfigurationParser.words(in: line) else { continue }
                let again = words.map(ConfigurationParser.quoted)
                    .joined(separator: [UInt8(ascii: " ")])
                #expect(ConfigurationParser.words(in: Array(again)) == words)
            }
        }
    }
}
