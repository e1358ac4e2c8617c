internal import Wire

/// The command line: `[FILE|-] [--name value …] [-]`, or `--memcached` and memcached's own.
///
/// A word that starts with `--` names a directive; the words up to the next such word are its
/// value. The word right after a name belongs to the value even if it starts with `--`, as a
/// password may, unless the name's own word already contains a value (`"--port 6380"`). Only
/// `--save` may have no value, which means `save ""`.
public struct LaunchArguments: Equatable, Sendable {
    /// What the program is asked to do.
    public enum Request: Equatable, Sendable {
        case serve
        case showVersion
        case showHelp
        /// What memcached's options ask for.
        case showMemcachedVersion
        case showMemcachedHelp
        case showLicence
        /// The words are no command line, for this reason.
        case refuse(String)
    }

    /// What it is asked to do.
    public private(set) var request = Request.serve
    /// The configuration file, as given.
    public private(set) var path: String?
    /// Whether to read configuration from standard input, after the file.
    public private(set) var readsStandardInput = false
    /// The options as configuration lines, in order.
    public private(set) var lines: [[UInt8]] = []
    /// Options of memcached's command line that have no meaning here.
    public private(set) var withoutEffect: [String] = []
    /// The user that the process becomes if it is root's.
    public private(set) var user: String?

    /// Parses the words after the program's name.
    public init(_ arguments: [String]) {
        var words = arguments[...]
        if words.first == "--memcached" {
            readMemcached(Array(words.dropFirst()))
            return
        }
        switch words.first {
        case "-v", "--version": request = .showVersion
        case "-h", "--help": request = .showHelp
        default: break
        }
        guard request == .serve else { return }
        if words.first == "-" {
            readsStandardInput = true
            words = words.dropFirst()
        } else if let first = words.first, !first.hasPrefix("-") {
            path = first
            words = words.dropFirst()
        }
        if words.last == "-" {
            readsStandardInput = true
            words = words.dropLast()
        }
        for word in words { append(word) }
        if lines.last == Array("save".utf8) { lines[lines.count - 1] = Self.saveNothing }
    }

    private mutating func readMemcached(_ words: [String]) {
        let memcached = MemcachedArguments(words)
        lines = memcached.lines
        withoutEffect = memcached.withoutEffect
        user = memcached.user
        switch memcached.request {
        case .serve: break
        case .showHelp: request = .showMemcachedHelp
        case .showVersion: request = .showMemcachedVersion
        case .showLicence: request = .showLicence
        case .refuse(let text): request = .refuse(text)
        }
        for word in memcached.rest { append(word) }
    }

    private static let saveNothing = Array("save \"\"".utf8)

    private var isNameWithoutValue = false

    private mutating func append(_ word: String) {
        let isSaveAlone = lines.last == Array("save".utf8) && isNameWithoutValue
        if word.hasPrefix("--"), !isNameWithoutValue || isSaveAlone {
            if isSaveAlone { lines[lines.count - 1] = Self.saveNothing }
            // `--` alone is not a name: the words after it form a line of their own.
            lines.append(Array(word.utf8.dropFirst(2)))
            // A name may have its value in the same word: `"--port 6380"`.
            isNameWithoutValue = QuotedWords.split(Array(word.utf8))?.count == 1
            return
        }
        let value = QuotedWords.quoted(Array(word.utf8))
        guard let last = lines.last, !last.isEmpty else {
            lines = lines.dropLast() + [value]
            isNameWithoutValue = false
            return
        }
        lines[lines.count - 1] = last + [UInt8(ascii: " ")] + value
        isNameWithoutValue = false
    }
}
