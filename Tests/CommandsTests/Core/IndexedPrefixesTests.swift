import Primitives
import Testing

@testable import Commands

@Suite struct IndexedPrefixesTests {
    private func covers(_ prefixes: IndexedPrefixes, _ key: String, _ database: Int) -> Bool {
        Array(key.utf8).withBytes { prefixes.cover($0, of: database) }
    }

    @Test func `keys are covered by prefix and database`() {
        var prefixes = IndexedPrefixes()
        #expect(!covers(prefixes, "", 0))
        prefixes.add(Array("user:".utf8), of: 0)
        prefixes.add(Array("u".utf8), of: 3)
        #expect(covers(prefixes, "user:", 0) && covers(prefixes, "user:1", 0))
        #expect(!covers(prefixes, "user", 0) && !covers(prefixes, "Xuser:1", 0))
        #expect(
            covers(prefixes, "ux", 3) && !covers(prefixes, "ux", 0) && !covers(prefixes, "u", 1)
        )
        prefixes.add([], of: 1)
        #expect(covers(prefixes, "", 1) && covers(prefixes, "anything", 1))
    }
}
