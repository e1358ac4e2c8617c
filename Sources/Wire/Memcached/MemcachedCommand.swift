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
        case .tooLarge: "set_too_large"
        case .error: "error"
        case .authenticate: "authenticate"
        }
    }

    /// The command that `word` names in the text protocol, whose names are in lower case.
    init?(_ word: Bytes) {
        guard let found = MemcachedCommand.named.first(where: { Bytes($0.name) == word }) else {
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

    /// The commands that have names in the text protocol.
    private static let named: [MemcachedCommand] = allCases.filter {
        $0 != .tooLarge && $0 != .error && $0 != .authenticate
    }
}
