internal import Primitives

/// The log streams of memcached's `watch`.
struct WatchStreams: OptionSet, Sendable {
    let rawValue: UInt32

    /// Retrievals.
    static let fetchers = WatchStreams(rawValue: 1 << 0)
    /// Requests that store an item.
    static let mutations = WatchStreams(rawValue: 1 << 1)
    /// Items removed because memory has run out.
    static let evictions = WatchStreams(rawValue: 1 << 2)
    /// Clients that come and go.
    static let connections = WatchStreams(rawValue: 1 << 3)
    /// Requests that remove an item.
    static let deletions = WatchStreams(rawValue: 1 << 4)
    /// What is logged by parts of memcached that are not here: nothing ever comes.
    static let silent = WatchStreams(rawValue: 1 << 5)

    /// Those that requests are watched for.
    static let requests: WatchStreams = [.fetchers, .mutations, .deletions]

    /// The stream that `word` names.
    init?(named word: Bytes) {
        switch word.string {
        case "fetchers": self = .fetchers
        case "mutations": self = .mutations
        case "evictions": self = .evictions
        case "connevents": self = .connections
        case "deletions": self = .deletions
        case "sysevents", "rawcmds", "proxyreqs", "proxyevents", "proxyuser": self = .silent
        default: return nil
        }
    }

    init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A line of one of the streams: `ts=seconds.microseconds gid=number type=… …`.
struct WatchLine: ~Copyable {
    private var text = ByteBuffer()

    /// The bytes, with the line end.
    var bytes: Bytes { text.bytes }

    /// Begins a line, the one with this number, at a moment in microseconds since 1970.
    init(_ type: StaticString, number: UInt64, at microseconds: Int64) {
        text.append("ts=")
        text.append(decimal: microseconds / 1_000_000)
        text.append(".")
        let fraction = String(microseconds % 1_000_000)
        text.append(string: String(repeating: "0", count: 6 - fraction.utf8.count) + fraction)
        text.append(" gid=")
        text.append(unsigned: number)
        text.append(" type=")
        text.append(type)
    }

    /// Appends ` name=value`.
    mutating func add(_ name: StaticString, _ value: Bytes) {
        text.append(" ")
        text.append(name)
        text.append("=")
        text.append(value)
    }

    /// Appends ` name=value`.
    mutating func add(_ name: StaticString, _ value: StaticString) { add(name, Bytes(value)) }

    /// Appends ` name=number`.
    mutating func add(_ name: StaticString, _ number: Int64) {
        add(name, Bytes())
        text.append(decimal: number)
    }

    /// Appends ` key=…`, encoded.
    mutating func add(key: Bytes) {
        add("key", Bytes())
        KeyText.append(key, to: &text)
    }

    /// Ends the line.
    mutating func end() { text.append("\n") }
}

/// Keys in memcached's logs and dumps: as in an address of the web, `%20` for a space.
enum KeyText {
    /// Appends `key`, encoded.
    static func append(_ key: Bytes, to text: inout ByteBuffer) {
        let digits = Bytes("0123456789ABCDEF")
        for index in 0..<key.count {
            let byte = key[index]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.append(byte)
            default:
                text.append("%")
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
        }
    }
}
