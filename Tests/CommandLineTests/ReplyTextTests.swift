import Remote
import Testing

@testable import apus_cli

/// Tests/Compatibility/test_cli.py compares the formats themselves with redis-cli.
@Suite struct ReplyTextTests {
    private func shown(_ reply: Reply, _ format: Options.Format) -> String {
        var options = Options()
        options.format = format
        return ReplyText.text(reply, options).text
    }

    private let nested = Reply.array([
        .map([.bulk("k".bytes), .array([.integer(1), .null]), .boolean(true), .set([])]),
        .error("ERR x".bytes),
    ])

    @Test func `readable replies are numbered and indented`() {
        let text = """
            1) 1# "k" => 
                  1) (integer) 1
                  2) (nil)
               2# (true) => (empty set)
            2) (error) ERR x

            """
        #expect(shown(nested, .readable) == text)
    }

    @Test func `the other forms take one line, or one value per line`() {
        #expect(shown(nested, .raw) == "k 1\n\n(true) \nERR x\n\n")
        #expect(shown(nested, .csv) == "\"k\",1,NULL,true,,ERROR,\"ERR x\"\n")
        #expect(shown(nested, .json) == "[{\"k\":[1,null],\"true\":[]},error:\"ERR x\"]\n")
        #expect(shown(.bulk([0, 255]), .quotedJSON) == "\"\\\\x00\\\\xff\"\n")
    }

    @Test func `colours change nothing but the colours`() {
        let painted = ReadableText.text(nested, colours: Colours()).text
        var plain = ""
        var isEscape = false
        for scalar in painted.unicodeScalars {
            if scalar == "\u{1b}" { isEscape = true }
            if !isEscape { plain.unicodeScalars.append(scalar) }
            if scalar == "m" { isEscape = false }
        }
        #expect(painted != plain && plain == shown(nested, .readable))
    }
}
