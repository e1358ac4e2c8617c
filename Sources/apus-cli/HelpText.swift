internal import Remote

/// The output of `help`.
extension ServerSession {
    /// `help`, `help COMMAND`, `help @group`.
    mutating func showHelp(_ topic: [[UInt8]]) {
        guard let first = topic.first?.text else {
            output.write(Usage.help)
            return
        }
        let docs = loadDocs()
        if docs.commands.isEmpty {
            output.writeError("Help on commands comes from the server, which gives none now.\n")
            return
        }
        let words = topic.map { $0.text.uppercased() }
        let group = docs.groups.first { "@\($0)" == first.lowercased() }
        for command in docs.commands {
            if let group {
                if command.group == group { show(command, withGroup: false) }
            } else if command.words.starts(with: words) {
                show(command, withGroup: true)
            }
        }
        output.write("\r\n")
    }

    private mutating func show(_ command: CommandDoc, withGroup: Bool) {
        let (bold, grey, yellow, plain) =
            Terminal.allowsColours
            ? ("\u{1b}[1m", "\u{1b}[90m", "\u{1b}[33m", "\u{1b}[0m") : ("", "", "", "")
        output.write("\r\n  \(bold)\(command.name)\(plain) \(grey)\(command.syntax)\(plain)\r\n")
        output.write("  \(yellow)summary:\(plain) \(command.summary)\r\n")
        output.write("  \(yellow)since:\(plain) \(command.since)\r\n")
        if withGroup { output.write("  \(yellow)group:\(plain) \(command.group)\r\n") }
    }

    /// The server's documentation of its commands; requested once.
    mutating func loadDocs() -> CommandDocs {
        if let docs { return docs }
        if connection == nil, !connect(isQuiet: true) { return .none }
        do throws(RemoteFailure) {
            let reply = try ask("COMMAND", "DOCS")
            let found = CommandDocs(reply)
            docs = found
            return found
        } catch {
            connection = nil
            return .none
        }
    }
}
