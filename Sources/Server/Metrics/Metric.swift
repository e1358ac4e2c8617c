/// A metric for Prometheus: its name, its meaning, and how to get its values.
struct Metric: Sendable {
    /// The type of a metric.
    enum Kind: String, Sendable {
        /// Only increases, except that a restart or CONFIG RESETSTAT resets it to zero.
        case counter
        case gauge
        case histogram
        case summary
    }

    let name: String
    let kind: Kind
    let help: String
    let samples: @Sendable (InfoSource) -> [MetricSample]

    /// Creates a metric with any number of samples.
    init(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        each samples: @escaping @Sendable (InfoSource) -> [MetricSample]
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// A metric with a single sample, or none if the value is nil.
    static func one(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ value: @escaping @Sendable (InfoSource) -> MetricValue?
    ) -> Metric {
        Metric(name, kind, help) { source in value(source).map { [MetricSample($0)] } ?? [] }
    }

    /// The value of a field of INFO.
    static func info(_ name: String, _ kind: Kind, of field: String, _ help: String) -> Metric {
        one(name, kind, help) { InfoReport.fields[field]?.value($0).metric }
    }
}
