import Primitives
import Testing

@testable import Commands

@Suite struct HstoreLiteralTests {
    /// The pairs of a literal as text, or the error.
    private func read(_ literal: String) -> String {
        Array(literal.utf8).withBytes { literal in
            var buffer = ByteBuffer(capacity: literal.count)
            var source = HstoreLiteral(literal)
            var pairs: [String] = []
            do throws(CommandError) {
                while let (name, value) = try source.next(&buffer) {
                    pairs.append("[\(name.string)][\(value?.string ?? "-")]")
                }
            } catch {
                var line = ErrorLine(command: "TEST")
                error.write(to: &line)
                return line.text.string
            }
            return pairs.joined()
        }
    }

    private let ends = "ERR syntax error in hstore: unexpected end of string"

    private func near(_ text: String, _ position: Int) -> String {
        "ERR syntax error in hstore, near \"\(text)\" at position \(position)"
    }

    @Test func `words are plain, quoted or escaped`() {
        #expect(read("") == "")
        #expect(read(" \n") == "")
        #expect(read("a=>1") == "[a][1]")
        #expect(read(" a => 1 , b=>2,") == "[a][1][b][2]")
        #expect(read(#""a b"=>"x \"y\" \\", ""=>"""#) == #"[a b][x "y" \][][]"#)
        #expect(read(#"\"a\==>\,b"#) == #"["a=][,b]"#)
        #expect(read(#"a"b"=>c"d"#) == #"[a"b"][c"d]"#)
    }

    @Test func `null is four letters without quotes`() {
        #expect(read("a=>NULL, b=>null, c=>nUlL") == "[a][-][b][-][c][-]")
        #expect(read(#"a=>"NULL", NULL=>nulls"#) == "[a][NULL][NULL][nulls]")
        #expect(read(#"a=>\NULL"#) == "[a][-]")
    }

    @Test func `the first byte of a value may be anything`() {
        #expect(read("a=>,b") == "[a][,b]")
        #expect(read("a=>=,b=>2") == "[a][=][b][2]")
        #expect(read(",=>,,b=>>") == "[,][,][b][>]")
    }

    @Test func `errors name the place`() {
        for text in ["a", "a=", "a=>", "\"a", "a=>\"b", "a=>\\", "a=>\"\\", "a=>1,b"] {
            #expect(read(text) == ends)
        }
        #expect(read("=>1") == near("=", 0))
        #expect(read("a b") == near("b", 2))
        #expect(read("a=1") == near("1", 2))
        #expect(read("a= >1") == near(" ", 2))
        #expect(read("a=>1 b") == near("b", 5))
        #expect(read("\"a\"é=>1") == near("é", 3))
    }
}
