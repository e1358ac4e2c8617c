public import Primitives

/// The kinds of requests in memcached's protocols, as distinguished by the parser.
public enum MemcachedCommand: Int, CaseIterable, Sendable {
    case get, gets, gat, gats
    case set, add, replace, append, prepend, cas
    case delete, incr, decr, touch
    case flushAll, version, verbosity, stats, quit, shutdown, cacheMemlimit
    case slabs, lru, lruCrawler, watch, refreshCerts
    /// The commands of the meta protocol.
    case mg, ms, md, ma, me, mn
    /// Those of the binary protocol, of which each stands for several opcodes.
    case binaryGet, binaryTouch, binarySet, binaryAppend, binaryDelete, binaryIncr
    case binaryNoop, binaryVersion, binaryFlush, binaryStat, binaryQuit
    case binarySaslList, binarySaslAuth
    case binaryTooLarge, binaryRefuse
    /// A value too large to be stored, which the parser has skipped.
    case tooLarge
    /// An invalid request; its reply is the second word.
    case error
    /// The name and password of a client that must authenticate.
    case authenticate

    /// The name in the text protocol, and in MONITOR.
    public var name: StaticString {
        switch self {
        case .get: "get"
        case .gets: "gets"
        case .gat: "gat"
        case .gats: "gats"
        case .set: "set"
        case .add: "add"
        case .replace: "replace"
        case .append: "append"
        case .prepend: "prepend"
        case .cas: "cas"
        case .delete: "delete"
        case .incr: "incr"
        case .decr: "decr"
        case .touch: "touch"
        case .flushAll: "flush_all"
        case .version: "version"
        case .verbosity: "verbosity"
        case .stats: "stats"
        case .quit: "quit"
        case .shutdown: "shutdown"
        case .cacheMemlimit: "cache_memlimit"
        case .slabs: "slabs"
        case .lru: "lru"
        case .lruCrawler: "lru_crawler"
        case .watch: "watch"
        case .refreshCerts: "refresh_certs"
        case .mg: "mg"
        case .ms: "ms"
        case .md: "md"
        case .ma: "ma"
        case .me: "me"
        case .mn: "mn"
        case .binaryGet: "binary_get"
        case .binaryTouch: "binary_touch"
        case .binarySet: "binary_set"
        case .binaryAppend: "binary_append"
        case .binaryDelete: "binary_delete"
        case .binaryIncr: "binary_incr"
        case .binaryNoop: "binary_noop"
        case .binaryVersion: "binary_version"
        case .binaryFlush: "binary_flush"
        case .binaryStat: "binary_stat"
        case .binaryQuit: "binary_quit"
        case .binarySaslList: "binary_sasl_list"
        case .binarySaslAuth: "binary_sasl_auth"
        case .binaryTooLarge: "binary_too_large"
        case .binaryRefuse: "binary_refuse"
        case .tooLarge: "set_too_large"
        case .error: "error"
        case .authenticate: "authenticate"
        }
    }

    /// The command that `word` names in the text protocol, whose names are in lower case.
    @inline(__always)
    init?(_ word: Bytes) {
        guard let found = MemcachedCommand.frequent(word) ?? MemcachedCommand.rare(word) else {
            return nil
        }
        self = found
    }

    /// The command named by the first word of a request written by the parser.
    public init?(parsed word: Bytes) {
        guard let found = MemcachedCommand.allCases.first(where: { Bytes($0.name) == word })
        else { return nil }
        self = found
    }

    /// The commands on items, found by the length of their names and a comparison or two.
    @inline(__always)
    private static func frequent(_ word: Bytes) -> MemcachedCommand? {
        switch word.count {
        case 2: return meta(word)
        case 3:
            if word == Bytes("get") { return .get }
            if word == Bytes("set") { return .set }
            if word == Bytes("add") { return .add }
            if word == Bytes("cas") { return .cas }
            return word == Bytes("gat") ? .gat : nil
        case 4:
            if word == Bytes("gets") { return .gets }
            if word == Bytes("incr") { return .incr }
            if word == Bytes("decr") { return .decr }
            return word == Bytes("gats") ? .gats : nil
        case 5: return word == Bytes("touch") ? .touch : nil
        case 6:
            if word == Bytes("delete") { return .delete }
            return word == Bytes("append") ? .append : nil
        default: return nil
        }
    }

    private static func meta(_ word: Bytes) -> MemcachedCommand? {
        guard word[0] == UInt8(ascii: "m") else { return nil }
        switch word[1] {
        case UInt8(ascii: "g"): return .mg
        case UInt8(ascii: "s"): return .ms
        case UInt8(ascii: "d"): return .md
        case UInt8(ascii: "a"): return .ma
        case UInt8(ascii: "e"): return .me
        case UInt8(ascii: "n"): return .mn
        default: return nil
        }
    }

    @inline(never)
    private static func rare(_ word: Bytes) -> MemcachedCommand? {
        others.first { Bytes($0.name) == word }
    }

    private static let others: [MemcachedCommand] = [
        .replace, .prepend, .flushAll, .version, .verbosity, .stats, .quit, .shutdown,
        .cacheMemlimit, .slabs, .lru, .lruCrawler, .watch, .refreshCerts,
    ]
}
