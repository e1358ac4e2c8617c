import Testing

@testable import Scripting

struct LuaTokensTests {
    private func tokens(_ text: String) throws -> [LuaToken] {
        try LuaTokens.tokens(of: Array(text.utf8))
    }

    @Test func wordsNumbersAndMarksAreTold() throws {
        let read = try tokens("local a1=0x1F..'x'~=1e-5")
        #expect(
            read == [
                .keyword(.local), .name(Array("a1".utf8)), .mark("="),
                .number(Array("0x1F..".utf8)), .text(Array("x".utf8)), .mark("~="),
                .number(Array("1e-5".utf8)), .end,
            ]
        )
    }

    @Test func textsOfAllKinds() throws {
        let read = try tokens("'a' \"b\\n\" [[c]] [==[d]]]==] -- e\n--[[f\n]] g")
        #expect(
            read == [
                .text(Array("a".utf8)), .text(nil), .text(Array("c".utf8)),
                .text(Array("d]]".utf8)), .name(Array("g".utf8)), .end,
            ]
        )
    }

    @Test func theHeaderIsLeftOut() throws {
        #expect(try tokens("#!lua flags=x\nreturn") == [.keyword(.return), .end])
        #expect(try tokens("#!lua") == [.end])
        #expect(try tokens("") == [.end])
    }

    @Test(arguments: ["'", "'a\nb'", "[[", "--[==[ ]]", "!", "\u{1F600}"])
    func whatIsNoTokenIsAnError(_ text: String) {
        #expect(throws: LuaTokens.Failure.self) { try tokens(text) }
    }
}
