import Remote
import Testing

@Suite struct QuotedWordsTests {
    private func split(_ line: String) -> [String]? { QuotedWords.split(line.bytes)?.map(\.text) }

    @Test func `words are split at blanks`() {
        #expect(split("set  a\tb \r\n") == ["set", "a", "b"])
        #expect(split("") == [] && split(" \t ") == [])
    }

    @Test func `double quotes have escapes`() {
        #expect(split(#""a b" "\n\r\t\b\a\\\"\q""#) == ["a b", "\n\r\t\u{8}\u{7}\\\"q"])
        #expect(split(#""\x41\x7a\x4""#) == ["Azx4"])
        #expect(QuotedWords.split(#""\xff\x00""#.bytes) == [[255, 0]])
        #expect(split(#""""#) == [""])
    }

    @Test func `single quotes have one`() {
        #expect(split(#"'it\'s' '\n' ''"#) == ["it's", "\\n", ""])
    }

    @Test(arguments: [#""open"#, "'open", #""a"b"#, "'a'b", #""a\""#])
    func `a quote that is not closed, or is followed by more, is refused`(_ line: String) {
        #expect(split(line) == nil)
    }

    @Test func `a quote may begin inside a word`() {
        #expect(split(#"a"b c" d"#) == ["ab c", "d"])
    }

    @Test func `quoted bytes read back as themselves`() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(QuotedWords.split(QuotedWords.quoted(bytes)) == [bytes])
        #expect(QuotedWords.quoted([0, 7, 10, 34, 92, 127, 65]).text == #""\x00\a\n\"\\\x7fA""#)
    }
}
