internal import Commands
internal import Primitives
internal import Wire

/// What HINDEX CREATE says of an index.
struct HashIndexDefinition: Equatable, Sendable {
    let name: [UInt8]
    let prefixes: [[UInt8]]
    /// The indexed fields; all if there are none.
    let fields: [[UInt8]]

    /// The most prefixes, and the most fields that can be named.
    private static let wordsMax = 64

    /// Reads `name ON PREFIX prefix … [FIELDS field …]`.
    init(_ words: [[UInt8]]) throws(CommandError) {
        guard words.count >= 4, words[1].isWord("ON"), words[2].isWord("PREFIX") else {
            throw .syntax
        }
        let end = words[3...].firstIndex { $0.isWord("FIELDS") } ?? words.count
        name = words[0]
        prefixes = words[3..<end].map { $0 }
        var fields: [[UInt8]] = []
        for word in words.dropFirst(end + 1) where !fields.contains(word) { fields.append(word) }
        guard !prefixes.isEmpty, prefixes.count <= HashIndexDefinition.wordsMax,
            fields.count <= HashIndexDefinition.wordsMax, end == words.count || !fields.isEmpty
        else { throw .syntax }
        self.fields = fields == [Array("*".utf8)] ? [] : fields
    }

    /// The words that `init` reads.
    var words: [[UInt8]] {
        let head = [name] + ["ON", "PREFIX"].map { Array($0.utf8) } + prefixes
        return fields.isEmpty ? head : head + [Array("FIELDS".utf8)] + fields
    }

    // MARK: Saving

    /// The definition and the number of its database, as a line of text.
    func text(database: Int) -> String {
        let quoted = words.map { String(decoding: QuotedWords.quoted($0), as: UTF8.self) }
        return "\(database) " + quoted.joined(separator: " ")
    }

    /// Reads what `text` has written; nil if it is something else.
    static func parse(_ text: String) -> (definition: HashIndexDefinition, database: Int)? {
        guard let words = QuotedWords.split(Array(text.utf8)), let first = words.first,
            let database = Int(String(decoding: first, as: UTF8.self)), database >= 0,
            let definition = try? HashIndexDefinition(Array(words.dropFirst()))
        else { return nil }
        return (definition, database)
    }
}
