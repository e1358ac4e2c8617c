internal import Primitives

/// The value of an INFO field, and its format.
enum InfoValue: Equatable, Sendable {
    case integer(Int64)
    case count(UInt64)
    /// Two decimals.
    case fixed(Double)
    /// Three decimals.
    case fine(Double)
    /// A percentage with two decimals.
    case percent(Double)
    /// A size in bytes, with a unit for people.
    case size(Int)
    /// Microseconds, shown in seconds.
    case seconds(Int64)
    case text(String)
    /// Several named values.
    case parts([InfoPart])

    /// A number of things.
    static func number(_ number: Int) -> InfoValue { .integer(Int64(number)) }

    /// Yes or no.
    static func flag(_ isSet: Bool) -> InfoValue { .integer(isSet ? 1 : 0) }

    /// The value as shown by INFO.
    var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .count(let value): "\(value)"
        case .fixed(let value): hundredths(value)
        case .fine(let value): InfoValue.decimals(UInt64(saturating: (value * 1000).rounded()), 3)
        case .percent(let value): hundredths(value) + "%"
        case .size(let bytes): InfoValue.human(bytes)
        case .seconds(let microseconds): InfoValue.decimals(UInt64(max(0, microseconds)), 6)
        case .text(let text): text
        case .parts(let parts): parts.map { "\($0.name)=\($0.value.text)" }.joined(separator: ",")
        }
    }

    /// A count in units of the last of `digits` decimals, as a decimal number.
    private static func decimals(_ count: UInt64, _ digits: Int) -> String {
        let text = String(count)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// A size in bytes with a unit, as printed by Redis.
    private static func human(_ bytes: Int) -> String {
        let units = [("P", 50), ("T", 40), ("G", 30), ("M", 20), ("K", 10)]
        for (unit, shift) in units where bytes >= 1 << shift {
            return hundredths(Double(bytes) / Double(1 << shift)) + unit
        }
        return "\(bytes)B"
    }
}

/// A named part of a value.
struct InfoPart: Equatable, Sendable {
    let name: String
    let value: InfoValue

    init(_ name: String, _ value: InfoValue) {
        self.name = name
        self.value = value
    }
}
