internal import Commands
internal import Primitives
internal import Wire

/// A request as shown in logs: truncated, and without secrets.
struct ShownRequest {
    /// The maximum number of words, and of bytes per word.
    static let wordsMax = 32
    static let wordBytesMax = 128

    private static let redacted = Array("(redacted)".utf8)

    /// The words as shown.
    let words: [[UInt8]]

    /// The words to show of a request for the command with these facts.
    ///
    /// Complexity: O(1).
    init(_ arguments: Arguments, _ facts: CommandFacts) {
        let isCut = arguments.count > ShownRequest.wordsMax
        let shown = isCut ? ShownRequest.wordsMax - 1 : arguments.count
        var words = (0..<shown).map { index in
            ShownRequest.isSecret(index, arguments, facts.secrets)
                ? ShownRequest.redacted : ShownRequest.short(arguments[index])
        }
        if isCut {
            words.append(Array("... (\(arguments.count - shown) more arguments)".utf8))
        }
        self.words = words
    }

    private static func short(_ word: Bytes) -> [UInt8] {
        guard word.count > wordBytesMax else { return word.array }
        return word[0..<wordBytesMax].array
            + Array("... (\(word.count - wordBytesMax) more bytes)".utf8)
    }

    /// Whether the word at `index` is secret.
    static func isSecret(_ index: Int, _ arguments: Arguments, _ secrets: SecretSpec?) -> Bool {
        switch secrets {
        case nil: return false
        case .from(let start): return index >= start
        case .behind(let keyword, let start, let count):
            let near = max(start, index - count)..<max(start, index)
            return near.contains { arguments[$0].isWord(keyword) }
        case .credentials(let start):
            return isSecret(index, arguments, .behind("AUTH", from: start, count: 1))
                || isSecret(index, arguments, .behind("AUTH2", from: start, count: 2))
        case .directives(let start):
            guard index > start, !(index - start).isMultiple(of: 2) else { return false }
            let name = arguments[index - 1]
            guard name.count <= wordBytesMax else { return false }
            let row = ConfigurationTable.rowOfName[name.string.lowercased()]
            return row.map { ConfigurationTable.directives[$0].traits.contains(.sensitive) }
                ?? false
        }
    }
}
