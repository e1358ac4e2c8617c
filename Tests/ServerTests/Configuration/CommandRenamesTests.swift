import Commands
import Primitives
import Testing

@testable import Server

@Suite struct CommandRenamesTests {
    private func registry(_ renames: CommandRenames) -> Registry {
        Registry(
            data: CommandFamilies.data,
            admin: CommandFamilies.admin,
            renames: renames.names
        )
    }

    private func name(_ word: String, _ registry: Registry) -> String? {
        Array(word.utf8).withBytes { registry.table.row($0) }
            .map { String(decoding: Bytes(registry.table.facts[$0].name).array, as: UTF8.self) }
    }

    private func renamed(_ lines: (String, String)...) throws -> CommandRenames {
        var renames = CommandRenames()
        for (old, new) in lines { try renames.rename(Array(old.utf8), to: Array(new.utf8)) }
        return renames
    }

    @Test func `a renamed command has only its new name, in either case`() throws {
        let long = "b840fc02d524045429941cc15f59e41cb7be6c52"
        let registry = registry(
            try renamed(("get", "Fetch"), ("FLUSHALL", ""), ("config", long), ("Keys", "a b"))
        )
        #expect(name("fetch", registry) == "GET" && name("FETCH", registry) == "GET")
        #expect(name("get", registry) == nil && name("flushall", registry) == nil)
        #expect(name(long.uppercased(), registry) == "CONFIG")
        #expect(name(long + "x", registry) == nil && name("config", registry) == nil)
        #expect(name("A B", registry) == "KEYS" && name("set", registry) == "SET")
        #expect(name("", registry) == nil)
    }

    @Test func `a new name may be renamed again, and an old name be reused`() throws {
        let registry = registry(try renamed(("get", "x"), ("x", "y"), ("set", "get")))
        #expect(name("y", registry) == "GET" && name("get", registry) == "SET")
        #expect(name("x", registry) == nil && name("set", registry) == nil)
    }

    @Test func `unknown and used names are rejected with Redis' wording`() throws {
        let unknown = DirectiveRefusal("No such command in rename-command")
        #expect(throws: unknown) { try renamed(("nosuch", "x")) }
        #expect(throws: unknown) { try renamed(("config get", "x")) }
        #expect(throws: unknown) { try renamed(("get", ""), ("get", "x")) }
        let taken = DirectiveRefusal("Target command name already exists")
        #expect(throws: taken) { try renamed(("get", "SET")) }
        #expect(throws: taken) { try renamed(("get", "x"), ("set", "X")) }
    }
}
