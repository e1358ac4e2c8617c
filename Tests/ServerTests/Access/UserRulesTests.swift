import Primitives
import Testing

@testable import Commands
@testable import Server
@testable import Wire

/// Users created from rules, and what they may do.
@Suite struct UserRulesTests {
    static let vocabulary = AccessVocabulary(
        CommandTable(
            CommandFamilies.data.joined().map(\.facts)
                + CommandFamilies.admin.joined().map(\.facts)
        )
    )

    private var vocabulary: AccessVocabulary { UserRulesTests.vocabulary }

    private func user(_ rules: String...) throws -> User {
        var made = UserRules(vocabulary, allowsAllChannels: false)
        for rule in rules { try made.apply(Array(rule.utf8), vocabulary) }
        return User(Array("amy".utf8), made)
    }

    /// Why `user` may not run `line`; nil if it may.
    private func denial(_ user: User, _ line: String, database: Int = 0) -> AccessDenial? {
        TestServer.withWords(line) { words in
            let table = vocabulary.table
            var row = table.row(words[0]) ?? 0
            if words.count > 1 { row = table.subcommand(words[1], of: row) ?? row }
            return user.denial(row, table.facts[row], words, database: database)
        }
    }

    @Test func `a new user may do nothing but authenticate`() throws {
        let user = try user()
        #expect(!user.isUnrestricted && !user.isOpen)
        #expect(denial(user, "GET a")?.reason == .command)
        #expect(denial(user, "AUTH a b") == nil && denial(user, "RESET") == nil)
        #expect(!user.accepts(Bytes("")))
    }

    @Test(arguments: [
        ["allkeys", "allchannels", "allcommands"], ["~*", "&*", "+@all"],
        ["-@all", "(~* &* +@all)"], ["~*", "&*", "+@all", "-get", "+get"],
        ["~*", "&*", "+@all", "db=0", "alldbs"],
    ])
    func `an unrestricted user is not checked`(_ rules: [String]) throws {
        var made = UserRules(vocabulary, allowsAllChannels: false)
        for rule in rules { try made.apply(Array(rule.utf8), vocabulary) }
        #expect(User([], made).isUnrestricted)
    }

    @Test(arguments: [
        ["~*", "&*", "+@all", "-get"], ["~*", "+@all"], ["&*", "+@all"], ["~*", "&*"],
        ["%R~*", "%W~*", "&*", "+@all"], ["~*", "&*", "+@all", "resetdbs"],
        ["(~* +@all)", "(&* +@all)"],
    ])
    func `a restricted user is checked`(_ rules: [String]) throws {
        var made = UserRules(vocabulary, allowsAllChannels: false)
        for rule in rules { try made.apply(Array(rule.utf8), vocabulary) }
        #expect(!User([], made).isUnrestricted)
    }

    @Test func `only the rights that a request uses on its keys are required`() throws {
        let user = try user("+@all", "%R~r", "%W~w", "~b")
        for line in ["GET r", "SET w v", "COPY r w", "SET b v GET", "EXISTS r w b", "STRLEN w"] {
            #expect(denial(user, line) == nil, "\(line)")
        }
        let denied = [
            ("GET w", 1), ("SET r v", 1), ("SET w v GET", 1), ("COPY w r", 1), ("COPY r r", 2),
            ("DEL b r", 2), ("EXISTS r x", 2), ("SORT r STORE r", 3), ("BITFIELD w GET u8 0", 1),
        ]
        for (line, word) in denied {
            let denial = denial(user, line)
            #expect(denial?.reason == .key && denial?.word == word, "\(line)")
        }
    }

    @Test func `of several selectors' denials, the nearest miss is reported`() throws {
        let user = try user("+get", "~a", "(+mget ~a ~b)", "(+mget ~a)")
        #expect(denial(user, "SET a 1")?.reason == .command)
        let denial = denial(user, "MGET a b c")
        #expect(denial?.reason == .key && denial?.word == 3)
    }

    @Test func `databases are those named and the current one`() throws {
        let user = try user("+@all", "~*", "&*", "db=1,2")
        #expect(denial(user, "GET a", database: 1) == nil)
        #expect(denial(user, "GET a", database: 0)?.word == 0)
        #expect(denial(user, "PING", database: 0) == nil)
        #expect(denial(user, "SELECT 0", database: 1)?.word == 1)
        #expect(denial(user, "SELECT 2", database: 0) == nil)
        #expect(denial(user, "MOVE a 3", database: 1)?.word == 2)
        #expect(denial(user, "COPY a b DB 3", database: 1)?.word == 4)
        #expect(denial(user, "SWAPDB 1 0", database: 1)?.word == 2)
        #expect(denial(user, "FLUSHALL", database: 1)?.reason == .database)
    }

    @Test func `passwords are stored as digests, each once`() throws {
        let user = try user("on", ">one", ">two", ">one", "<two")
        #expect(user.rules.passwords.count == 1)
        #expect(user.accepts(Bytes("one")) && !user.accepts(Bytes("two")))
        #expect(!String(decoding: user.line, as: UTF8.self).contains("one"))
    }

    @Test func `one selector must allow both the command and keys that it does not name`() throws {
        let user = try user("+sort", "~a", "(+get %R~*)", "(+sort %R~*)")
        func mayReadAll(_ user: User) -> Bool {
            TestServer.withWords("SORT a BY w_*") { words in
                let row = vocabulary.table.row(words[0]) ?? 0
                return user.mayReadAllKeys(row, vocabulary.table.facts[row], words, database: 0)
            }
        }
        #expect(mayReadAll(user))
        #expect(!mayReadAll(try self.user("+sort", "~a", "(+get %R~*)")))
    }

    @Test func `words in parentheses are one rule`() throws {
        func joined(_ line: String) -> [String]? {
            let words = line.split(separator: " ").map { Array($0.utf8) }
            return try? UserRules.joined(words).get().map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(joined("on (+get ~a) off") == ["on", "(+get ~a)", "off"])
        #expect(joined("( ) (x)") == ["( )", "(x)"])
        #expect(joined("on (+get ~a") == nil)
    }

    @Test func `a user's description recreates the same user`() throws {
        let user = try user(
            "on",
            ">p",
            "~a",
            "%R~b",
            "&c",
            "+@all",
            "-@admin",
            "db=3",
            "(+get %W~x)"
        )
        let text = String(decoding: user.rules.text, as: UTF8.self)
        let words = text.split(separator: " ").map { Array($0.utf8) }
        var again = UserRules(vocabulary, allowsAllChannels: false)
        let failed = again.apply(try UserRules.joined(words).get(), vocabulary)
        #expect(failed == nil)
        #expect(again.text == user.rules.text)
    }
}
