internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// When SET and DELEX may act: words `NX`, `XX`, `IFEQ value`, `IFNE value`.
enum ValueCondition {
    case always
    case absent
    case present
    case equal(Bytes)
    case notEqual(Bytes)

    /// Whether a key that holds `entry` (nil: is not there) meets the condition.
    /// Throws: comparing needs a string.
    func allows(_ entry: Entry?) throws(CommandError) -> Bool {
        switch self {
        case .always: return true
        case .absent: return entry == nil
        case .present: return entry != nil
        case .equal(let value):
            return try compare(entry, absent: false) { $0 == value }
        case .notEqual(let value):
            return try compare(entry, absent: true) { !($0 == value) }
        }
    }

    /// Whether `other` may follow in one command: NX and XX may be said twice, nothing else mixes.
    func mayBecome(_ other: ValueCondition) -> Bool {
        switch (self, other) {
        case (.always, _), (.absent, .absent), (.present, .present): true
        default: false
        }
    }

    private func compare(
        _ entry: Entry?, absent: Bool, _ matches: (Bytes) -> Bool
    ) throws(CommandError) -> Bool {
        guard let entry else { return absent }
        guard entry.isKind(.string) else { throw .wrongType }
        return StringValue.withBytes(entry, matches)
    }
}

/// The options of SET.
struct SetOptions {
    private(set) var condition = ValueCondition.always
    private(set) var returnsOld = false
    private(set) var keepsExpiry = false
    /// The moment in milliseconds since 1970.
    private(set) var expiry: Int64?

    /// Reads the words from `start` on.
    init(_ arguments: Arguments, from start: Int, now: Int64) throws(CommandError) {
        var index = start
        var time: (unit: ExpiryUnit, word: Bytes)?
        while index < arguments.count {
            let word = arguments[index]
            if let condition = try SetOptions.condition(arguments, &index) {
                guard self.condition.mayBecome(condition) else { throw .syntax }
                self.condition = condition
            } else if word.isWord("GET") {
                returnsOld = true
            } else if word.isWord("KEEPTTL"), time == nil {
                keepsExpiry = true
            } else if let unit = ExpiryUnit(word), time == nil, !keepsExpiry,
                index + 1 < arguments.count
            {
                index += 1
                time = (unit, arguments[index])
            } else {
                throw .syntax
            }
            index += 1
        }
        // The words must all make sense before the time is looked at.
        expiry = try time.map { pair throws(CommandError) in
            try pair.unit.moment(pair.word, now: now)
        }
    }

    /// The condition at `index`, which moves to its last word; nil when there is none.
    static func condition(
        _ arguments: Arguments, _ index: inout Int
    ) throws(CommandError) -> ValueCondition? {
        let word = arguments[index]
        if word.isWord("NX") { return .absent }
        if word.isWord("XX") { return .present }
        let make: (Bytes) -> ValueCondition
        if word.isWord("IFEQ") {
            make = ValueCondition.equal
        } else if word.isWord("IFNE") {
            make = ValueCondition.notEqual
        } else {
            return nil
        }
        guard index + 1 < arguments.count else { throw .syntax }
        index += 1
        return make(arguments[index])
    }
}
