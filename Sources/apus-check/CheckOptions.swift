/// The request on the command line.
enum CheckOptions: Equatable {
    /// What to print about a snapshot.
    enum Report: Equatable {
        /// Each fact as it is read.
        case facts
        /// In addition, the number of keys by type and size.
        case statistics
        /// The same as a single JSON object, and nothing else.
        case json
    }

    /// What to do about a damaged append-only file.
    enum Repair: Equatable {
        case none
        /// Cut off everything after the last complete command, after a confirmation.
        case fix
        /// Cut off everything written after a time (seconds since 1970).
        case cut(after: Int64)
    }

    case snapshot(path: String, Report)
    case appendOnly(path: String, Repair)
    /// Print the usage and exit with a code.
    case usage(String, code: Int32)

    /// Parses the words, the first of which is the name of the program.
    init(_ words: [String]) {
        let path = words.first ?? "apus-check"
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let rest = Array(words.dropFirst())
        if name.hasSuffix("-check-rdb") {
            self = CheckOptions.snapshot(rest, usage: "Usage: \(path) <rdb-file-name>")
        } else if name.hasSuffix("-check-aof") {
            self = CheckOptions.appendOnly(rest, usage: "Usage: \(path) \(Self.appendOnlyWords)")
        } else if rest.first == "rdb" {
            self = CheckOptions.snapshot(Array(rest.dropFirst()), usage: Self.usage)
        } else if rest.first == "aof" {
            self = CheckOptions.appendOnly(Array(rest.dropFirst()), usage: Self.usage)
        } else {
            let asksForHelp = ["-h", "--help", "help"].contains(rest.first)
            self = .usage(Self.usage, code: asksForHelp ? 0 : 1)
        }
    }

    private static let appendOnlyWords =
        "[--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>"

    private static let usage = """
        Usage: apus-check rdb [--stats | --json] <rdb-file-name>
               apus-check aof \(appendOnlyWords)
        """

    private static func snapshot(_ words: [String], usage: String) -> CheckOptions {
        var report = Report.facts
        var paths: [String] = []
        for word in words {
            switch word {
            case "--stats": report = .statistics
            case "--json": report = .json
            default: paths.append(word)
            }
        }
        guard paths.count == 1, !paths[0].hasPrefix("--") else { return .usage(usage, code: 1) }
        return .snapshot(path: paths[0], report)
    }

    private static func appendOnly(_ words: [String], usage: String) -> CheckOptions {
        switch (words.count, words.first) {
        case (1, _): return .appendOnly(path: words[0], .none)
        case (2, "--fix"): return .appendOnly(path: words[1], .fix)
        case (3, "--truncate-to-timestamp"):
            guard let time = Int64(words[1]) else {
                return .usage("Invalid timestamp, aborting...", code: 1)
            }
            return .appendOnly(path: words[2], .cut(after: time))
        default: return .usage(usage, code: 1)
        }
    }
}
