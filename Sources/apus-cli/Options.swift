internal import Remote

/// The settings from the command line and the environment.
struct Options: Equatable {
    // Where and who.
    var host = "127.0.0.1"
    var port = 6379
    var socketPath: String?
    var tls = TLSOptions()
    var user: [UInt8]?
    var password: [UInt8]?
    /// Whether the password was on the command line, visible to all.
    var isPasswordShown = false
    var asksForPassword = false
    var warnsAboutPassword = true
    var database = 0
    /// 2 or 3 if given; nil for the server's default.
    var protocolVersion: Int?
    var followsRedirections = false
    /// The timeout for connecting; nil for the default.
    var connectSeconds: Double?

    // What to do.
    var mode = Mode.command
    /// The words of the command; with `scriptPath`, keys and arguments with a comma in between.
    var command: [[UInt8]] = []
    /// The file of a script to run.
    var scriptPath: String?
    /// The words for apus-hstore, if that is to run instead.
    var bridge: [String]?
    /// Negative means forever.
    var repeats = 1
    var intervalSeconds = 0.0
    var lastWordSource = LastWordSource.none
    var isInputQuoted = false
    var failsOnError = false
    var pattern: [UInt8]?
    var scanCount: Int?
    /// SAMPLES of MEMORY USAGE; nil for the server's default.
    var memorySamples: Int?
    var pipeTimeoutSeconds = 30
    var latencySeconds = 0

    // How to show it.
    var format = Format.raw
    var replyDelimiter: [UInt8] = [UInt8(ascii: "\n")]
    var elementDelimiter: [UInt8] = [UInt8(ascii: "\n")]
    var showsPushes = false
    /// The colours of readable replies; nil for none.
    var colours: Colours?

    /// What the program does; the cases are in order of precedence.
    enum Mode: Int, Equatable, Comparable {
        case latency, latencyHistory, latencyDistribution
        case pipe, bigKeys, memoryKeys, hotKeys, statistics, scan, intrinsicLatency
        case command

        static func < (one: Mode, other: Mode) -> Bool { one.rawValue < other.rawValue }
    }

    /// The format of replies.
    enum Format: Equatable {
        case raw, readable, csv, json, quotedJSON
    }

    /// How standard input is used as a word of the command, if at all.
    enum LastWordSource: Equatable {
        case none
        case input
        /// Input replaces this word.
        case tag([UInt8])
    }

    var address: ServerAddress {
        socketPath.map { .unix(path: $0) } ?? .tcp(host: host, port: port)
    }
}
