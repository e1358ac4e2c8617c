/// How connections are accepted.
struct AcceptanceOptions: Sendable {
    /// `tcp-backlog`.
    let backlog: Int32
    /// `max-new-connections-per-cycle`.
    let connectionsAtOnce: Int
    /// `max-new-tls-connections-per-cycle`.
    let secureConnectionsAtOnce: Int
    /// `tcp-keepalive`; 0 if disabled.
    let keepAliveSeconds: Int

    init(_ read: ConfigurationReader) {
        backlog = Int32(clamping: read.integer("tcp-backlog"))
        connectionsAtOnce = read.integer("max-new-connections-per-cycle")
        secureConnectionsAtOnce = read.integer("max-new-tls-connections-per-cycle")
        keepAliveSeconds = read.integer("tcp-keepalive")
    }
}
