internal import Commands
internal import Primitives

/// The names used in access rules, for commands and categories.
///
/// Commands have their original names there, whatever `rename-command` calls them.
final class AccessVocabulary: Sendable {
    /// The commands.
    let table: CommandTable
    private let rows: [[UInt8]: Int]
    private let categories: [[UInt8]: [Int]]

    init(_ table: CommandTable) {
        self.table = table
        var rows: [[UInt8]: Int] = [:]
        var categories: [[UInt8]: [Int]] = [:]
        for name in CommandFacts.categoryOrder { categories[Bytes(name).array] = [] }
        for row in table.facts.indices {
            rows[table.facts[row].clientName] = row
            for name in table.aclCategories(row) { categories[Bytes(name).array]?.append(row) }
        }
        self.rows = rows
        self.categories = categories
    }

    /// The row of a command such as `get` or `config|get`, given in lower case.
    func row(_ name: [UInt8]) -> Int? { rows[name] }

    /// The rows of a category, given in lower case and without the `@`; nil if there is none.
    func category(_ name: [UInt8]) -> [Int]? { categories[name] }

    /// A row and the rows of its subcommands.
    func family(_ row: Int) -> [Int] { [row] + (table.subcommands[row] ?? []) }
}

extension [UInt8] {
    /// The bytes with ASCII letters in lower case.
    var lowercased: [UInt8] { map { $0 &- UInt8(ascii: "A") < 26 ? $0 + 0x20 : $0 } }

    /// Whether these are the letters of `word`, ignoring case.
    ///
    /// Precondition: `word` is ASCII in upper case.
    func isWord(_ word: StaticString) -> Bool { withBytes { $0.isWord(word) } }
}
