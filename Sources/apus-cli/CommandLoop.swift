internal import Glibc
internal import Remote
internal import Wire

/// Runs one command after the other: from a person at a terminal, or line by line from a stream.
struct CommandLoop: ~Copyable {
    private var session: ServerSession
    private let editor: LineEditor?
    private let historyFile = HistoryFile()
    private var lastLine: String?
    private var input = InputLines()

    /// Commands that take at least this long have their duration shown.
    private static let slowMilliseconds = 500

    init(_ session: consuming ServerSession) {
        self.session = session
        guard Streams.isInputTerminal, Streams.isOutputTerminal else {
            editor = nil
            return
        }
        let history = historyFile.load()
        lastLine = history.last
        editor = LineEditor(history: history)
    }

    /// Runs until the end of the input or `quit`; returns the exit code.
    mutating func run() -> Int32 {
        if editor != nil {
            Interrupt.catchAll()
            session.isInteractive = true
        }
        session.connect()
        if let preferences = Preferences.load() { preferences.forEach { apply($0) } }
        while let line = nextLine() {
            guard let words = QuotedWords.split(line) else {
                session.output.write("Invalid argument(s)\n")
                remember(line, Self.words(unquoted: line))
                continue
            }
            if words.isEmpty { continue }
            remember(line, words)
            if let code = take(words) {
                session.output.flush()
                return code
            }
        }
        session.output.flush()
        return 0
    }

    // MARK: Lines

    private mutating func nextLine() -> [UInt8]? {
        session.output.flush()
        guard let editor else { return input.next() }
        while true {
            noticeSilentEnd()
            session.showMessages()
            if session.connection != nil { editor.docs = session.loadDocs() }
            session.output.flush()
            if let line = editor.read(prompt: prompt) { return line.bytes }
            Streams.write([UInt8(ascii: "\n")], to: STDOUT_FILENO)
            // ^C drops the line; the end of the input ends the program.
            guard Interrupt.answer() else { return nil }
        }
    }

    private var prompt: String {
        guard session.connection != nil else { return "not connected> " }
        let state =
            session.isInTransaction ? "(TX)" : session.isSubscribed ? "(subscribed mode)" : ""
        let database = session.database == 0 ? "" : "[\(session.database)]"
        return "\(session.address.name)\(database)\(state)> "
    }

    /// Shows messages and pushes that have arrived meanwhile; reconnects if the server went away.
    private mutating func noticeSilentEnd() {
        do throws(RemoteFailure) {
            while let reply = try session.connection?.receiveWaiting() {
                session.take(unasked: reply)
            }
        } catch {
            session.connect(isQuiet: true)
        }
    }

    /// The words of a line with unbalanced quotes, to check whether it contains a secret.
    private static func words(unquoted line: [UInt8]) -> [[UInt8]] {
        let quotes = [UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "'")]
        return line.split(whereSeparator: quotes.contains).map { Array($0) }
    }

    private mutating func remember(_ line: [UInt8], _ words: [[UInt8]]) {
        guard let editor, !HistoryFile.isSecret(words) else { return }
        let text = line.text
        editor.remember(text)
        if lastLine != text {
            historyFile.append(text)
            lastLine = text
        }
    }

    // MARK: Words

    /// Executes a line; returns the exit code if that ends the program.
    private mutating func take(_ words: [[UInt8]]) -> Int32? {
        var command = words
        var repeats = 1
        if words.count > 1, let count = Self.repeats(words[0]) {
            guard count > 0 else {
                session.output.write("Invalid \(Usage.name) repeat command option value.\n")
                return nil
            }
            repeats = count
            command.removeFirst()
        }
        switch words[0].lowercase.text {
        case "quit", "exit": return 0
        case let name where name.hasPrefix(":"): apply(words)
        case "restart":
            session.output.write("Use 'restart' only in Lua debugging mode.\n")
        case "connect" where words.count == 3:
            session.move(to: words[1].text, port: LeadingNumber.integer(words[2].text))
            session.connect()
        case "clear" where words.count == 1: session.output.write(Terminal.clearScreen)
        default: return runTimed(command, repeats)
        }
        return nil
    }

    /// The number that `word` stands for, 0 if it is too large; nil if it is not a number.
    private static func repeats(_ word: [UInt8]) -> Int? {
        let digits = word.first == UInt8(ascii: "-") ? word.dropFirst() : word[...]
        let isNumber =
            !digits.isEmpty
            && digits.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
        return isNumber ? Int(word.text) ?? 0 : nil
    }

    private mutating func runTimed(_ words: [[UInt8]], _ repeats: Int) -> Int32? {
        noticeBeforeSending()
        let begun = Clock.milliseconds()
        let outcome = session.run(words, repeats: repeats)
        switch outcome {
        case .broken: return 1
        case .stopped: return nil
        case .done, .failed: break
        }
        let taken = Clock.milliseconds() - begun
        if taken >= Self.slowMilliseconds, session.options.format == .readable {
            session.output.write("(\(Decimals.fixed(Double(taken) / 1000, 2))s)\n")
        }
        return nil
    }

    /// At a terminal, reconnects first if the server was restarted meanwhile.
    private mutating func noticeBeforeSending() {
        if editor != nil, session.connection != nil { noticeSilentEnd() }
    }

    /// Applies a line of preferences: `:set hints`, `:set nohints`.
    private mutating func apply(_ words: [[UInt8]]) {
        let name = words[0].text
        guard name.lowercased() == ":set", words.count >= 2 else {
            session.output.write("unknown \(Usage.name) internal command '\(name)'\n")
            return
        }
        switch words[1].lowercase.text {
        case "hints": editor?.showsHints = true
        case "nohints": editor?.showsHints = false
        default: session.output.write("unknown \(Usage.name) preference '\(words[1].text)'\n")
        }
    }
}
