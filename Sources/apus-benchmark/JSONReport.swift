internal import Histogram
internal import Remote

/// The report of a whole run for machines: the options, and the results per test.
struct JSONReport {
    let options: Options
    let facts: ServerFacts
    private var tests: [String] = []

    init(options: Options, facts: ServerFacts) {
        self.options = options
        self.facts = facts
    }

    mutating func add(_ title: String, _ measured: Measurement) {
        let each = Double(max(1, measured.requests))
        let cpu = [
            ("user_seconds", Decimals.fixed(measured.cpu.user, 6)),
            ("system_seconds", Decimals.fixed(measured.cpu.system, 6)),
            ("microseconds_per_request", Decimals.fixed(measured.cpu.total * 1e6 / each, 4)),
            (
                "share_of_one_core",
                Decimals.fixed(measured.cpu.total / max(measured.seconds, 1e-9), 4)
            ),
        ]
        tests.append(
            Self.object([
                ("test", Self.string(title)),
                ("requests", String(measured.requests)),
                ("seconds", Decimals.fixed(measured.seconds, 6)),
                ("rps", Decimals.fixed(measured.requestsPerSecond, 2)),
                ("client_cpu", Self.object(cpu)),
                ("latency_ms", latencies(measured)),
            ])
        )
    }

    private func latencies(_ measured: Measurement) -> String {
        let percentiles = [50, 90, 95, 99, 99.9].map { percent in
            let name = percent == percent.rounded() ? "p\(Int(percent))" : "p\(percent)"
            return (name, Decimals.milliseconds(measured.percentile(percent), 6))
        }
        let average = ("avg", Decimals.milliseconds(measured.averageNanoseconds, 6))
        let least = ("min", Decimals.milliseconds(measured.latencies.min, 6))
        let greatest = ("max", Decimals.milliseconds(measured.latencies.max, 6))
        return Self.object([average, least] + percentiles + [greatest])
    }

    /// The whole report.
    func text() -> String {
        let server = [
            ("address", Self.string(options.socketPath ?? "\(options.host):\(options.port)")),
            ("redis_version", Self.string(facts.version)),
            ("save", Self.string(facts.save)),
            ("appendonly", Self.string(facts.appendOnly)),
        ]
        let report: [(String, String)] = [
            ("tool", Self.string(Usage.version)),
            ("server", Self.object(server)),
            ("config", config()),
            ("tests", "[\(tests.joined(separator: ","))]"),
        ]
        return Self.object(report) + "\n"
    }

    private func config() -> String {
        let load = [
            ("clients", String(options.clients)),
            ("requests", String(options.requests)),
            ("pipeline", String(options.pipeline)),
            ("threads", String(options.threads)),
            ("keep_alive", String(options.keepsAlive)),
            ("data_bytes", String(options.dataByteCount)),
            ("database", String(options.database)),
            ("resp", options.isRESP3 ? "3" : "2"),
        ]
        let choice = [
            ("keyspace", Self.number(options.keyspace)),
            ("zipf", Self.number(options.zipfExponent)),
            ("rps", Self.number(options.requestsPerSecond)),
            ("seed", String(options.seed)),
        ]
        return Self.object(load + choice)
    }

    private static func number<Number>(_ number: Number?) -> String {
        number.map { "\($0)" } ?? "null"
    }

    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { member in "\(string(member.0)):\(member.1)" }.joined(separator: ",")
            + "}"
    }

    /// `text` as a JSON string; null if it is nil.
    static func string(_ text: String?) -> String {
        guard let text else { return "null" }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
