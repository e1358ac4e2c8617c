/// Prometheus' text format, version 0.0.4.
enum MetricsText {
    static let type = "text/plain; version=0.0.4; charset=utf-8"

    /// The text of all `metrics` that have samples.
    static func text(_ metrics: [Metric], _ source: InfoSource) -> String {
        var text = ""
        text.reserveCapacity(1 << 16)
        for metric in metrics { append(metric, metric.samples(source), to: &text) }
        return text
    }

    /// Appends a metric with its samples.
    static func append(_ metric: Metric, _ samples: [MetricSample], to text: inout String) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(metric.name) \(escaped(metric.help, quotes: false))\n"
        text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
        for sample in samples {
            text += metric.name + sample.suffix
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }
                text += "{" + labels.joined(separator: ",") + "}"
            }
            text += " \(sample.value.text)\n"
        }
    }

    private static func escaped(_ text: String, quotes: Bool = true) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else {
            return text
        }
        return text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.append(character)
            }
        }
    }
}
