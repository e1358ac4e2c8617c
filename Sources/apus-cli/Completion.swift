/// What TAB offers behind a beginning.
struct Completion {
    /// The whole lines that the beginning can become.
    let lines: [String]

    /// - Parameter beginning: The line up to the cursor.
    init(_ beginning: String, _ docs: CommandDocs) {
        let isHelp = beginning.lowercased().hasPrefix("help ")
        let head = isHelp ? String(beginning.prefix(5)) : ""
        let typed = String(beginning.dropFirst(head.count))
        var names = docs.commands.map(\.name)
        if isHelp { names = docs.groups.map { "@\($0)" } + names }
        let upper = typed.uppercased()
        // As many words as were begun: `CONFIG` alone before `CONFIG GET`.
        let wordCount = typed.split(separator: " ", omittingEmptySubsequences: false).count
        let isSmall = typed.contains { $0.isLowercase }
        lines =
            names.filter {
                $0.uppercased().hasPrefix(upper) && $0.split(separator: " ").count == wordCount
            }.map { head + (isSmall ? $0.lowercased() : $0) }
    }

    /// What all lines have in common.
    var commonPrefix: String {
        guard var common = lines.first.map({ $0[...] }) else { return "" }
        for line in lines.dropFirst() {
            while !line.hasPrefix(common) { common.removeLast() }
        }
        return String(common)
    }

    /// The last words of the lines, in columns of a window `width` wide.
    func table(width: Int) -> String {
        let names = lines.map { $0.split(separator: " ").last.map(String.init) ?? $0 }
        let column = (names.map(\.count).max() ?? 0) + 2
        let perLine = max(width / max(column, 1), 1)
        var text = ""
        for (index, name) in names.enumerated() {
            let isLast = index % perLine == perLine - 1 || index == names.count - 1
            text +=
                isLast
                ? name + "\r\n" : name + String(repeating: " ", count: column - name.count)
        }
        return text
    }
}
