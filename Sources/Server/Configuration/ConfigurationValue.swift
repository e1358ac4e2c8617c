/// A point of `save`: a snapshot is due after `seconds` if `changes` keys have changed.
public struct SavePoint: Equatable, Sendable {
    /// The age of the oldest unsaved change.
    public let seconds: Int
    /// The minimum number of changes.
    public let changes: Int
}

/// The limits on one client class' reply buffer; zero disables a limit.
public struct BufferLimit: Equatable, Sendable {
    /// The size in bytes at which a client is closed immediately.
    public var hardBytes: UInt64
    /// The size in bytes that a client may exceed for `softSeconds`.
    public var softBytes: UInt64
    /// How long `softBytes` may be exceeded.
    public var softSeconds: Int64

    /// No limit at all.
    public static let none = BufferLimit(hardBytes: 0, softBytes: 0, softSeconds: 0)
}

/// `client-output-buffer-limit`: one limit per class of clients.
public struct ClientBufferLimits: Equatable, Sendable {
    /// Clients that send commands.
    public var normal: BufferLimit
    /// Replicas of this server.
    public var replica: BufferLimit
    /// Clients with at least one subscription.
    public var pubsub: BufferLimit

    /// No limits for any class: the starting point for parsing the default.
    public static let none = ClientBufferLimits(normal: .none, replica: .none, pubsub: .none)

    /// The classes, in the order and with the names that CONFIG REWRITE uses.
    var classes: [(name: String, limit: BufferLimit)] {
        [("normal", normal), ("replica", replica), ("pubsub", pubsub)]
    }
}

/// The value of a directive.
///
/// Texts are bytes, as a password or a path need not be UTF-8.
public enum ConfigurationValue: Equatable, Sendable {
    case flag(Bool)
    case integer(Int64)
    case octal(Int64)
    case memory(UInt64)
    case percent(Int64)
    case choice(String)
    case choices([String])
    case text([UInt8])
    case words([[UInt8]])
    case savePoints([SavePoint])
    case bufferLimits(ClientBufferLimits)
    case percentiles([Double])
    case integers([Int64])

    /// The value as returned by CONFIG GET: sizes in bytes, several words joined by a space.
    public var bytes: [UInt8] {
        switch self {
        case .text(let bytes): bytes
        case .words(let words): Array(words.joined(separator: [UInt8(ascii: " ")]))
        case .flag, .integer, .octal, .memory, .percent, .choice, .choices, .savePoints,
            .bufferLimits, .percentiles, .integers:
            Array(plainText.utf8)
        }
    }

    /// The value as text; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    private var plainText: String {
        switch self {
        case .flag(let isOn): isOn ? "yes" : "no"
        case .integer(let number): String(number)
        case .octal(let number): String(number, radix: 8)
        case .memory(let byteCount): String(byteCount)
        case .percent(let share): "\(share)%"
        case .choice(let name): name
        case .choices(let names): names.joined(separator: " ")
        case .savePoints(let points):
            points.map { "\($0.seconds) \($0.changes)" }.joined(separator: " ")
        case .bufferLimits(let limits): limits.getText
        case .percentiles(let shares): shares.map(sixDigits).joined(separator: " ")
        case .integers(let numbers): numbers.map { String($0) }.joined(separator: " ")
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .words(let words):
            words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        }
    }
}

extension ClientBufferLimits {
    /// CONFIG GET uses the older name of the replica class.
    fileprivate var getText: String {
        zip(["normal", "slave", "pubsub"], classes)
            .map { name, entry in
                let limit = entry.limit
                return "\(name) \(limit.hardBytes) \(limit.softBytes) \(limit.softSeconds)"
            }
            .joined(separator: " ")
    }
}

/// A size in the largest unit that divides it, as written by CONFIG REWRITE.
func memoryText(_ byteCount: UInt64) -> String {
    for (unit, size) in [("gb", UInt64(1) << 30), ("mb", 1 << 20), ("kb", 1 << 10)]
    where byteCount >= size && byteCount.isMultiple(of: size) {
        return "\(byteCount / size)\(unit)"
    }
    return String(byteCount)
}

/// A percentage from 0 to 100 with at most six significant digits, like C's `%g`.
private func sixDigits(_ share: Double) -> String {
    guard share > 0 else { return "0" }
    var digits = 6
    var unit = 1.0
    while share >= unit * 10, digits > 1 {
        unit *= 10
        digits -= 1
    }
    var scale = 1.0
    for _ in 1..<max(digits, 2) { scale *= 10 }
    // Below 1, every leading zero of the fraction leaves room for another digit.
    while share * scale < 100_000, scale < 1e12 { scale *= 10 }
    let rounded = (share * scale).rounded() / scale
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
}
