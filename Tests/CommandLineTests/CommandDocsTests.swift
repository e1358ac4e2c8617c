import Remote
import Testing

@testable import apus_cli

@Suite struct CommandDocsTests {
    private static func text(_ text: String) -> Reply { .bulk(text.bytes) }

    private static func argument(
        _ name: String,
        _ type: String = "string",
        token: String? = nil,
        flags: [String] = [],
        _ parts: [Reply] = []
    ) -> Reply {
        var fields = [text("name"), text(name), text("type"), text(type)]
        if let token { fields += [text("token"), text(token)] }
        if !flags.isEmpty { fields += [text("flags"), .array(flags.map { .status($0.bytes) })] }
        if !parts.isEmpty { fields += [text("arguments"), .array(parts)] }
        return .array(fields)
    }

    private static func command(_ arguments: [Reply], _ parts: [Reply] = []) -> Reply {
        .map(
            [text("summary"), text("Does."), text("since"), text("1.0"), text("group"), text("g")]
                + [text("arguments"), .array(arguments)]
                + (parts.isEmpty ? [] : [text("subcommands"), .map(parts)])
        )
    }

    private let docs = CommandDocs(
        .array([
            text("set"),
            command([
                argument("key", "key"), argument("value"),
                argument(
                    "condition",
                    "oneof",
                    flags: ["optional"],
                    [
                        argument("nx", "pure-token", token: "NX"),
                        argument("xx", "pure-token", token: "XX"),
                    ]
                ),
                argument("get", "pure-token", token: "GET", flags: ["optional"]),
                argument("seconds", "integer", token: "EX", flags: ["optional"]),
            ]),
            text("mset"),
            command([
                argument(
                    "data",
                    "block",
                    flags: ["multiple"],
                    [argument("key", "key"), argument("value")]
                )
            ]),
            text("config"),
            command(
                [],
                [text("config|get"), command([argument("parameter", flags: ["multiple"])])]
            ),
            text("sort"),
            command([
                argument("key"),
                argument(
                    "pattern",
                    token: "GET",
                    flags: ["optional", "multiple", "multiple_token"]
                ),
            ]),
        ])
    )

    @Test func `the syntax is composed from the arguments`() {
        #expect(docs.command(["set"])?.syntax == "key value [NX|XX] [GET] [EX seconds]")
        #expect(docs.command(["mset"])?.syntax == "key value [key value ...]")
        #expect(docs.command(["sort"])?.syntax == "key [GET pattern [GET pattern ...]]")
        #expect(docs.command(["Config", "get", "x"])?.syntax == "parameter [parameter ...]")
        #expect(docs.command(["config"])?.name == "CONFIG" && docs.command(["nothing"]) == nil)
        #expect(docs.commands.map(\.name) == ["CONFIG", "CONFIG GET", "MSET", "SET", "SORT"])
        #expect(docs.groups == ["g"])
    }

    @Test func `the hint shows what may still be typed`() {
        #expect(Hint.text(after: "set", docs) == " key value [NX|XX] [GET] [EX seconds]")
        #expect(Hint.text(after: "set ", docs) == "key value [NX|XX] [GET] [EX seconds]")
        #expect(Hint.text(after: "set k ", docs) == "value [NX|XX] [GET] [EX seconds]")
        #expect(Hint.text(after: "set k v EX 5 ", docs) == "[NX|XX] [GET]")
        #expect(Hint.text(after: "set k", docs) == "" && Hint.text(after: "", docs) == "")
        #expect(Hint.text(after: "config get ", docs) == "parameter [parameter ...]")
        #expect(Hint.text(after: "nothing ", docs) == "" && Hint.text(after: "set \"k", docs) == "")
        #expect(Hint.text(after: "connect ", docs) == "host port")
    }

    @Test func `TAB completes names in the case that was typed`() {
        #expect(Completion("s", docs).lines == ["set", "sort"])
        #expect(Completion("SE", docs).lines == ["SET"])
        #expect(Completion("config ", docs).lines == ["config get"])
        #expect(Completion("help @", docs).lines == ["help @g"])
        #expect(Completion("help so", docs).lines == ["help sort"])
        #expect(Completion("x", docs).lines.isEmpty && Completion("x", docs).commonPrefix == "")
        #expect(Completion("s", docs).commonPrefix == "s")
        #expect(Completion("s", docs).table(width: 80) == "set   sort\r\n")
    }
}
