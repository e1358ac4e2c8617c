/// The protocols in which replies are written.
public enum ReplyDialect: UInt8, Sendable {
    case resp2, resp3
    /// The classic and the meta protocol of memcached.
    case memcachedText
    case memcachedBinary

    /// Whether this is one of memcached's protocols.
    @inlinable public var isMemcached: Bool { rawValue >= ReplyDialect.memcachedText.rawValue }
}
