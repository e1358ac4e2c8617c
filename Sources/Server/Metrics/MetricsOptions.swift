/// The listener for Prometheus.
struct MetricsOptions: Equatable, Sendable {
    /// `metrics-port`; 0 if there is none.
    let port: Int
    /// `metrics-bind`, as `bind`.
    let addresses: [String]

    init(_ read: ConfigurationReader) {
        port = read.integer("metrics-port")
        addresses = read.words("metrics-bind")
    }
}
