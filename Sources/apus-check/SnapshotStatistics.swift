/// The contents of a snapshot: keys by type, size and time to live, and the largest keys.
struct SnapshotStatistics {
    /// The properties of a key that are counted.
    struct KeyFacts {
        let database: Int
        let name: String
        let type: String
        let elements: Int
        /// The size of its value in the file.
        let bytes: Int
        /// Milliseconds since 1970.
        let expiry: Int64?
    }

    /// The totals of a type.
    struct Totals {
        var keys = 0
        var elements = 0
        var bytes = 0
    }

    /// The number of keys up to a bound.
    struct Range {
        let label: String
        /// The greatest value in the range.
        let last: Int64
        var keys = 0
    }

    var version = 0
    var libraries = 0
    private(set) var keys = 0
    private(set) var volatileKeys = 0
    private(set) var expiredKeys = 0
    private(set) var types: [String: Totals] = [:]
    private(set) var databases: [Int: Int] = [:]
    private(set) var largest: [KeyFacts] = []
    private(set) var sizes = [
        Range(label: "up to 64 bytes", last: 64), Range(label: "up to 1 KB", last: 1 << 10),
        Range(label: "up to 16 KB", last: 16 << 10), Range(label: "up to 1 MB", last: 1 << 20),
        Range(label: "up to 64 MB", last: 64 << 20), Range(label: "more", last: .max),
    ]
    private(set) var lifetimes = [
        Range(label: "expired", last: 0), Range(label: "up to 1 minute", last: 60_000),
        Range(label: "up to 1 hour", last: 3_600_000),
        Range(label: "up to 1 day", last: 86_400_000),
        Range(label: "up to 30 days", last: 30 * 86_400_000), Range(label: "more", last: .max),
    ]

    /// The number of largest keys listed.
    static let largestMax = 10

    /// Counts a key.
    mutating func add(_ key: KeyFacts, now: Int64) {
        keys += 1
        databases[key.database, default: 0] += 1
        types[key.type, default: Totals()].keys += 1
        types[key.type, default: Totals()].elements += key.elements
        types[key.type, default: Totals()].bytes += key.bytes
        count(Int64(key.bytes), in: &sizes)
        if let expiry = key.expiry {
            volatileKeys += 1
            if expiry <= now { expiredKeys += 1 }
            count(max(0, expiry - now), in: &lifetimes)
        }
        guard largest.count < Self.largestMax || key.bytes > largest[largest.count - 1].bytes
        else { return }
        let place = largest.firstIndex { $0.bytes < key.bytes } ?? largest.count
        largest.insert(key, at: place)
        if largest.count > Self.largestMax { largest.removeLast() }
    }

    private func count(_ value: Int64, in ranges: inout [Range]) {
        guard let place = ranges.firstIndex(where: { value <= $0.last }) else { return }
        ranges[place].keys += 1
    }

    // MARK: As text

    /// A report for people.
    var text: String {
        var lines = ["", "Keys by type:"]
        for (type, totals) in types.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "  \(padded(type, 8))\(totals.keys) keys, \(totals.elements) elements, "
                    + "\(totals.bytes) bytes"
            )
        }
        lines.append("Keys by database:")
        for (number, count) in databases.sorted(by: { $0.key < $1.key }) {
            lines.append("  db\(number)     \(count)")
        }
        lines.append("Keys by size of the value in the file:")
        lines += sizes.map { "  \(padded($0.label, 16))\($0.keys)" }
        lines.append("Keys that expire, by time to live:")
        lines += lifetimes.map { "  \(padded($0.label, 16))\($0.keys)" }
        lines.append("Largest keys:")
        for key in largest {
            lines.append(
                "  \(padded("\(key.bytes) bytes", 18))\(padded(key.type, 8))"
                    + "\(key.elements) elements  db\(key.database) '\(key.name)'"
            )
        }
        if libraries > 0 { lines.append("Libraries of functions: \(libraries)") }
        return lines.joined(separator: "\n")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    // MARK: As JSON

    /// The same as a JSON object.
    func json(name: String, byteCount: Int) -> String {
        let types = types.sorted { $0.key < $1.key }.map { type, totals in
            "\(quoted(type)):{\"keys\":\(totals.keys),\"elements\":\(totals.elements),"
                + "\"bytes\":\(totals.bytes)}"
        }
        let databases = databases.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        let largest = largest.map { key in
            "{\"key\":\(quoted(key.name)),\"database\":\(key.database),"
                + "\"type\":\(quoted(key.type)),\"elements\":\(key.elements),"
                + "\"bytes\":\(key.bytes)}"
        }
        return "{\"file\":\(quoted(name)),\"bytes\":\(byteCount),\"version\":\(version),"
            + "\"keys\":\(keys),\"expires\":\(volatileKeys),\"expired\":\(expiredKeys),"
            + "\"libraries\":\(libraries),\"databases\":{\(databases.joined(separator: ","))},"
            + "\"types\":{\(types.joined(separator: ","))},\"sizes\":\(json(sizes)),"
            + "\"lifetimes\":\(json(lifetimes)),\"largest\":[\(largest.joined(separator: ","))]}"
    }

    private func json(_ ranges: [Range]) -> String {
        let parts = ranges.map { "\(quoted($0.label)):\($0.keys)" }
        return "{\(parts.joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
