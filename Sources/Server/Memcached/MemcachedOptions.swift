/// The configuration of memcached's protocols.
public struct MemcachedOptions: Sendable {
    /// `memcached-port`; 0 if there is none.
    public let port: Int
    /// `memcached-tls-port`; 0 if there is none.
    public let securePort: Int
    /// `memcached-bind`, as `bind`.
    public let addresses: [String]
    /// `memcached-unixsocket`; empty for none.
    public let socketPath: String
    /// `memcached-unixsocketperm`; 0 for the default of the umask.
    public let socketPermissions: Int
    /// `memcached-auth-file`; empty for none.
    public let userFilePath: String
    /// `memcached-protocol`: `undecided` if each client's first byte decides.
    let speech: MemcachedStream.Speech
    /// `memcached-item-size-max`.
    public let itemBytesMax: Int
    /// `memcached-shutdown-command`.
    public let allowsShutdown: Bool
    /// `memcached-flush-command`.
    public let allowsFlush: Bool

    /// `memcached-dump-command`.
    public let allowsDump: Bool
    /// `memcached-watch-command`.
    public let allowsWatch: Bool
    /// `memcached-prefix-delimiter`: what ends the prefixes that `stats detail` counts.
    public let prefixDelimiter: UInt8
    /// `memcached-prefix-stats`: whether it counts from the start.
    public let countsPrefixes: Bool

    init(_ read: ConfigurationReader) {
        allowsDump = read.flag("memcached-dump-command")
        allowsWatch = read.flag("memcached-watch-command")
        prefixDelimiter = read.text("memcached-prefix-delimiter").utf8.first ?? UInt8(ascii: ":")
        countsPrefixes = read.flag("memcached-prefix-stats")
        port = read.integer("memcached-port")
        securePort = read.integer("memcached-tls-port")
        userFilePath = read.text("memcached-auth-file")
        addresses = read.words("memcached-bind")
        socketPath = read.text("memcached-unixsocket")
        socketPermissions = read.integer("memcached-unixsocketperm")
        switch read.text("memcached-protocol") {
        case "ascii": speech = .text
        case "binary": speech = .binary
        default: speech = .undecided
        }
        itemBytesMax = read.size("memcached-item-size-max")
        allowsShutdown = read.flag("memcached-shutdown-command")
        allowsFlush = read.flag("memcached-flush-command")
    }
}
