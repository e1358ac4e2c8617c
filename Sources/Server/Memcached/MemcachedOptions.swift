/// The configuration of memcached's protocols.
public struct MemcachedOptions: Sendable {
    /// `memcached-port`; 0 if there is none.
    public let port: Int
    /// `memcached-tls-port`; 0 if there is none.
    public let securePort: Int
    /// `memcached-bind`: as `bind`, but each address may have a port of its own.
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
    /// An address to listen on, and the ports there; 0 is none.
    struct Place: Equatable {
        let address: String
        var port: Int
        var securePort: Int
    }

    /// Where to listen.
    ///
    /// A port of an address's own takes the place of `memcached-port`; if there is none, of
    /// `memcached-tls-port`. If both are 0, nothing is listened on.
    var places: [Place] {
        addresses.map { entry in
            guard let (address, own) = MemcachedOptions.parts(entry), port + securePort > 0 else {
                return Place(address: entry, port: port, securePort: securePort)
            }
            return Place(
                address: address,
                port: port > 0 ? own : 0,
                securePort: port > 0 ? 0 : own
            )
        }
    }

    /// The address and the port in `a.b.c.d:port`, `name:port` or `[IPv6]:port`, perhaps with a
    /// hyphen in front; nil if there is no port.
    static func parts(_ entry: String) -> (address: String, port: Int)? {
        guard let colon = entry.lastIndex(of: ":"),
            let port = Int(entry[entry.index(after: colon)...]), (1...65535).contains(port)
        else { return nil }
        var address = String(entry[..<colon])
        let hyphen = address.hasPrefix("-") ? "-" : ""
        address.removeFirst(hyphen.count)
        if address.hasPrefix("["), address.hasSuffix("]") {
            address = String(address.dropFirst().dropLast())
        } else if address.contains(":") {
            // An IPv6 address without brackets ends with a group of digits, not a port.
            return nil
        }
        return (hyphen + address, port)
    }
}
