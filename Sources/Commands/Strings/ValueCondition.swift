internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The conditions of SET and DELEX.
///
/// They are `NX`, `XX`, `IFEQ value`, `IFNE value`, `IFDEQ digest` and `IFDNE digest`.
enum ValueCondition {
    case always
    case absent
    case present
    case equal(Bytes)
    case notEqual(Bytes)
    /// The digest; nil if no value can have it.
    case digest(UInt64?)
    case otherDigest(UInt64?)

    /// Parses the condition at `index`, which moves to its last word; nil if there is none.
    init?(_ arguments: Arguments, _ index: inout Int) throws(CommandError) {
        let word = arguments[index]
        if word.isWord("NX") {
            self = .absent
        } else if word.isWord("XX") {
            self = .present
        } else {
            try self.init(comparing: arguments, &index)
        }
    }

    /// Parses the condition at `index` that compares the value, as above.
    init?(comparing arguments: Arguments, _ index: inout Int) throws(CommandError) {
        let word = arguments[index]
        let (isEqual, isDifferent) = (word.isWord("IFEQ"), word.isWord("IFNE"))
        let (isDigest, isOtherDigest) = (word.isWord("IFDEQ"), word.isWord("IFDNE"))
        guard isEqual || isDifferent || isDigest || isOtherDigest else { return nil }
        guard index + 1 < arguments.count else { throw .syntax }
        index += 1
        if isEqual || isDifferent {
            self = isEqual ? .equal(arguments[index]) : .notEqual(arguments[index])
        } else {
            let digest = try ValueCondition.digest(arguments[index])
            self = isDigest ? .digest(digest) : .otherDigest(digest)
        }
    }

    /// The digest that `word` spells, ignoring case; nil if it is not one.
    ///
    /// As in Redis, only the length must be correct.
    private static func digest(_ word: Bytes) throws(CommandError) -> UInt64? {
        guard word.count == 16 else {
            throw .string(.digest)
        }
        var digest: UInt64 = 0
        for index in 0..<16 {
            let byte = word[index]
            let letter = (byte | 0x20) &- UInt8(ascii: "a")
            guard byte &- UInt8(ascii: "0") <= 9 || letter < 6 else { return nil }
            digest = digest << 4 | UInt64(letter < 6 ? letter + 10 : byte &- UInt8(ascii: "0"))
        }
        return digest
    }

    /// Whether a key with `entry` (nil: absent) meets the condition.
    ///
    /// Throws: if the value to compare is not a string.
    func allows(_ entry: Entry?) throws(CommandError) -> Bool {
        switch self {
        case .always: return true
        case .absent: return entry == nil
        case .present: return entry != nil
        case .equal, .notEqual, .digest, .otherDigest: break
        }
        guard let entry else { return isMetByAbsence }
        guard entry.isKind(.string) else { throw .wrongType }
        return StringValue.withBytes(entry, isMet)
    }

    private var isMetByAbsence: Bool {
        switch self {
        case .notEqual, .otherDigest: true
        case .always, .absent, .present, .equal, .digest: false
        }
    }

    private func isMet(by value: Bytes) -> Bool {
        switch self {
        case .equal(let other): value == other
        case .notEqual(let other): !(value == other)
        case .digest(let digest): XXH3.hash(value) == digest
        case .otherDigest(let digest): XXH3.hash(value) != digest
        case .always, .absent, .present: true
        }
    }

    /// Whether `other` may follow: NX and XX may be repeated, but nothing may be combined.
    func mayBecome(_ other: ValueCondition) -> Bool {
        switch (self, other) {
        case (.always, _), (.absent, .absent), (.present, .present): true
        default: false
        }
    }
}
