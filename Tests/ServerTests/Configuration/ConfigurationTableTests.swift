import Glibc
import Testing
import Wire

@testable import Server

@Suite struct ConfigurationTableTests {
    /// The package's directory, derived from the path of this file.
    private static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(4)
        return "/" + parts.joined(separator: "/")
    }()

    private func content(_ name: String) throws -> String {
        String(decoding: try ConfigurationDisk.read("\(Self.root)/\(name)"), as: UTF8.self)
    }

    @Test func `rows are in order and every name is there once`() {
        let names = ConfigurationTable.directives.map { $0.name }
        // An alias may be sorted like its name with underscores: `aof_rewrite_cpulist`.
        let sortable = names.map { String($0.map { $0 == "_" ? "-" : $0 }) }
        #expect(sortable == sortable.sorted())
        let all = ConfigurationTable.directives.flatMap { [$0.name] + $0.aliases }
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { $0 == $0.lowercased() })
    }

    @Test func `every default is reported as it is parsed`() throws {
        for (directive, value) in zip(
            ConfigurationTable.directives,
            ConfigurationTable.standards
        ) {
            let words =
                directive.kind.takesSeveralWords
                ? Configuration.splitAtSpaces(value.bytes) : [value.bytes]
            let again = try directive.kind.value(of: words, for: directive.name, current: nil)
            #expect(again == value, "\(directive.name)")
        }
    }

    @Test func `descriptions are sentences`() {
        for directive in ConfigurationTable.directives {
            guard let meaning = directive.meaning else { continue }
            #expect(meaning.hasSuffix("."))
            #expect(meaning.first?.isUppercase == true)
        }
    }

    /// `APUS_WRITE_DOCS=1 swift test --filter ConfigurationTableTests` regenerates the page.
    @Test func `the documentation matches the table`() throws {
        if unsafe getenv("APUS_WRITE_DOCS") != nil {
            try ConfigurationDisk.replace(
                "\(Self.root)/docs/configuration.md",
                by: Array(ConfigurationDocumentation.text.utf8)
            )
        }
        #expect(try content("docs/configuration.md") == ConfigurationDocumentation.text)
    }

    @Test func `the sample loads and shows every directive in effect at its default`() throws {
        var configuration = Configuration(surroundings: testSurroundings())
        let sample = try content("apus.conf")
        try configuration.load(Array(sample.utf8), from: .file("apus.conf"), depth: 0)
        #expect(configuration.notInEffect == [])

        // Their defaults are not worth showing; the sample has examples.
        let examples: Set = [
            "threads", "dir", "pidfile", "unixsocket", "unixsocketperm", "requirepass", "bind",
            "memcached-unixsocket", "memcached-unixsocketperm",
            "tls-port", "tls-cert-file", "tls-key-file", "tls-ca-cert-file",
        ]
        var shown: Set<String> = []
        for line in sample.split(separator: "\n") {
            let text = line.hasPrefix("# ") ? String(line.dropFirst(2)) : String(line)
            guard let words = QuotedWords.split(Array(text.utf8)),
                let first = words.first,
                let row = ConfigurationTable.rowOfName[String(decoding: first, as: UTF8.self)]
            else { continue }
            let directive = ConfigurationTable.directives[row]
            guard
                let value = try? directive.kind.value(
                    of: Array(words.dropFirst()),
                    for: directive.name,
                    current: nil
                )
            else { continue }
            shown.insert(directive.name)
            if case .bufferLimits = value { continue }
            #expect(
                examples.contains(directive.name) || value == ConfigurationTable.standards[row],
                "\(text)"
            )
        }
        let inEffect = ConfigurationTable.directives.filter { $0.isInEffect }.map { $0.name }
        #expect(Set(inEffect).subtracting(shown) == [])
    }

    @Test func `titles expand their variables`() {
        let values = ["title": "apus", "port": "1"]
        #expect(ProcessTitle.expand("{title}:{port} {{x}", values: values) == "apus:1 {x}")
        #expect(ProcessTitle.expand("{zork}", values: values) == nil)
        #expect(ProcessTitle.expand("{title", values: values) == nil)
        #expect(!ProcessTitle.isValid(template: "{title}"))
        #expect(ProcessTitle.isValid(template: "{title} {port}"))
    }

    @Test func `patterns match as in KEYS`() {
        let cases: [(String, String, Bool)] = [
            ("*", "", true), ("a*c", "abbc", true), ("a*c", "abb", false), ("a?c", "abc", true),
            ("[a-c]x", "bx", true), ("[^a-c]x", "bx", false), ("\\*", "*", true),
            ("*a*b*", "xxaxxbxx", true), ("a*b*c", "abcbc", true), ("", "a", false),
        ]
        for (pattern, name, isMatch) in cases {
            #expect(
                DirectiveNamePattern.matches(pattern, name) == isMatch,
                "\(pattern) \(name)"
            )
        }
    }
}
