import Primitives
import Testing

@testable import Scripting

struct ScriptDigestTests {
    private let digits = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"

    @Test func theDigestOfAScriptIsItsSHA1() throws {
        let digest = Array("return 1".utf8).withBytes { ScriptDigest(of: $0) }
        #expect(String(decoding: digest.text, as: UTF8.self) == digits)
        let read = Array(digits.uppercased().utf8).withBytes { ScriptDigest(hexadecimal: $0) }
        #expect(read == digest)
    }

    @Test(arguments: ["", "abc", "g0e1f9fabfc9d4800c877a703b823ac0578ff8db"])
    func otherTextsAreNone(_ text: String) {
        let read = Array(text.utf8).withBytes { ScriptDigest(hexadecimal: $0) }
        #expect(read == nil)
    }
}
