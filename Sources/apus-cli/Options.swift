internal import Remote

/// What the command line and the environment ask for.
struct Options: Equatable {
    // Where and who.
    var host = "127.0.0.1"
    var port = 6379
    var socketPath: String?
    var user: [UInt8]?
    var password: [UInt8]?
    /// True if the password stood on the command line, for all to see.
    var isPasswordShown = false
    var asksForPassword = false
    var warnsAboutPassword = true
    var database = 0
    /// 2 or 3 if told; nil is the server's default.
    var protocolVersion: Int?
    var followsRedirections = false
    /// How long a connection may take to be made; nil is the usual time.
    var connectSeconds: Double?

    // What to do.
    var mode = Mode.command
    var command: [[UInt8]] = []
    /// Below zero is for ever.
    var repeats = 1
    var intervalSeconds = 0.0
    var lastWordSource = LastWordSource.none
    var isInputQuoted = false
    var failsOnError = false
    var pattern: [UInt8]?
    var scanCount: Int?
    /// MEMORY USAGE's SAMPLES; nil is the server's default.
    var memorySamples: Int?
    var pipeTimeoutSeconds = 30
    var latencySeconds = 0

    // How to show it.
    var format = Format.raw
    var replyDelimiter: [UInt8] = [UInt8(ascii: "\n")]
    var elementDelimiter: [UInt8] = [UInt8(ascii: "\n")]
    var showsPushes = false
    /// The colours of readable replies; nil is none.
    var colours: Colours?

    /// What the program does; the cases stand in the order of precedence.
    enum Mode: Int, Equatable, Comparable {
        case latency, latencyHistory, latencyDistribution
        case pipe, bigKeys, memoryKeys, hotKeys, statistics, scan, intrinsicLatency
        case command

        static func < (one: Mode, other: Mode) -> Bool { one.rawValue < other.rawValue }
    }

    /// How replies are written.
    enum Format: Equatable {
        case raw, readable, csv, json, quotedJSON
    }

    /// What standard input is, if it is a word of the command.
    enum LastWordSource: Equatable {
        case none
        case input
        /// Input stands where this word stands.
        case tag([UInt8])
    }

    var address: ServerAddress {
        socketPath.map { .unix(path: $0) } ?? .tcp(host: host, port: port)
    }
}
