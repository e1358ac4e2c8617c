/// What TAB offers to complete a line.
struct Completion {
    /// The complete lines that start with what was typed.
    let lines: [String]

    /// - Parameter beginning: The line up to the cursor.
    init(_ beginning: String, _ docs: CommandDocs) {
        let isHelp = beginning.lowercased().hasPrefix("help ")
        let head = isHelp ? String(beginning.prefix(5)) : ""
        let typed = String(beginning.dropFirst(head.count))
        var names = docs.commands.map(\.name)
        if isHelp { names = docs.groups.map { "@\($0)" } + names }
        let upper = typed.uppercased()
        // As many words as have been started: only `CONFIG` before `CONFIG GET`.
        let wordCount = typed.split(separator: " ", omittingEmptySubsequences: false).count
        let isSmall = typed.contains { $0.isLowercase }
        lines =
            names.filter {
                $0.uppercased().hasPrefix(upper) && $0.split(separator: " ").count == wordCount
            }.map { head + (isSmall ? $0.lowercased() : $0) }
    }

    /// The common prefix of all lines.
    var commonPrefix: String {
        guard var common = lines.first.map({ $0[...] }) else { return "" }
        for line in lines.dropFirst() {
            while !line.hasPrefix(common) { common.removeLast() }
        }
        return String(common)
    }

    /// The last words of the lines, in columns for a window of `width` columns.
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
