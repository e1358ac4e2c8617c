internal import Remote
internal import Wire

/// The grey text after the cursor: the arguments that the command still takes.
enum Hint {
    /// The hint for a partially typed line, "" for none.
    static func text(after line: String, _ docs: CommandDocs) -> String {
        guard let words = QuotedWords.split(line.bytes)?.map(\.text), let first = words.first,
            !first.isEmpty
        else { return "" }
        let isAtWordEnd = line.hasSuffix(" ")
        let topics = ["CONNECT": "host port", "HELP": "[@group|command]"]
        if let syntax = topics[first.uppercased()], words.count == 1 {
            return (isAtWordEnd ? "" : " ") + syntax
        }
        guard let command = docs.command(words) else { return "" }
        var typed = Array(words.dropFirst(command.words.count))
        // The word under the cursor is not finished.
        if !isAtWordEnd, !typed.isEmpty { typed.removeLast() }
        if !isAtWordEnd, words.count > command.words.count { return "" }
        let hint = command.hint(after: typed)
        return hint.isEmpty ? "" : (isAtWordEnd ? "" : " ") + hint
    }
}
