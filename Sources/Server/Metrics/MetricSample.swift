/// A value of a metric.
struct MetricSample: Equatable, Sendable {
    /// The suffix of the name: `_bucket`, `_sum` or `_count`.
    var suffix = ""
    var labels: [MetricLabel]
    var value: MetricValue

    init(_ value: MetricValue, _ labels: MetricLabel..., suffix: String = "") {
        self.suffix = suffix
        self.labels = labels
        self.value = value
    }
}

/// A label of a sample.
struct MetricLabel: Equatable, Sendable {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A number; whole ones are exact.
enum MetricValue: Equatable, Sendable {
    case integer(Int64)
    case count(UInt64)
    case real(Double)

    static func number(_ number: Int) -> MetricValue { .integer(Int64(number)) }

    /// Nanoseconds, in seconds.
    static func seconds(_ nanoseconds: UInt64) -> MetricValue {
        .real(Double(nanoseconds) / 1e9)
    }

    /// The number in Prometheus' format.
    var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .count(let value): "\(value)"
        case .real(let value) where value.isNaN: "NaN"
        case .real(let value) where value.isInfinite: value < 0 ? "-Inf" : "+Inf"
        case .real(let value): "\(value)"
        }
    }
}

extension InfoValue {
    /// The value as a number; `ok` is 1, `err` is 0, and other texts are nil.
    var metric: MetricValue? {
        switch self {
        case .integer(let value): .integer(value)
        case .count(let value): .count(value)
        case .fixed(let value), .fine(let value), .percent(let value): .real(value)
        case .size(let bytes): .number(bytes)
        case .seconds(let microseconds): .real(Double(microseconds) / 1e6)
        case .text("ok"): .integer(1)
        case .text("err"): .integer(0)
        case .text, .parts: nil
        }
    }
}
