import Testing

@testable import Server

@Suite struct AccessFileTests {
    private func users(_ content: String) throws -> [String] {
        let folder = TemporaryFolder()
        let path = try folder.write("users.acl", content)
        let vocabulary = UserRulesTests.vocabulary
        return try AccessFile.users(at: path, vocabulary, allowsAllChannels: false)
            .map { String(decoding: $0.line, as: UTF8.self) }
    }

    @Test func `a line creates a user`() throws {
        let lines = try users("user amy on ~a +get\n\n \tuser bob\r\n")
        #expect(
            lines == [
                "user amy on ~a resetchannels -@all +get", "user bob off resetchannels -@all",
            ]
        )
    }

    @Test(arguments: [
        "amy on\n", "user\n", "user amy\nuser amy\n", "user amy (+get\n", "user a +x",
    ])
    func `one invalid line invalidates the file`(_ content: String) {
        #expect(throws: AccessFile.Failure.self) { try users("user zoe on\n" + content) }
    }
}
