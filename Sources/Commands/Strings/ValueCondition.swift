internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// When SET and DELEX may act: words `NX`, `XX`, `IFEQ value`, `IFNE value`, `IFDEQ digest`,
/// `IFDNE digest`.
enum ValueCondition {
    case always
    case absent
    case present
    case equal(Bytes)
    case notEqual(Bytes)
    /// nil: one that no value has.
    case digest(UInt64?)
    case otherDigest(UInt64?)

    /// The condition at `index`, which moves to its last word; nil when there is none.
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

    /// The condition at `index` that compares the value, as above.
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

    /// The digest that `word` spells, in either case; nil where it spells none.
    ///
    /// As in Redis only the length must be right.
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

    /// Whether a key that holds `entry` (nil: is not there) meets the condition.
    ///
    /// Throws: comparing needs a string.
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

    /// Whether `other` may follow in one command: NX and XX may be said twice, nothing else mixes.
    func mayBecome(_ other: ValueCondition) -> Bool {
        switch (self, other) {
        case (.always, _), (.absent, .absent), (.present, .present): true
        default: false
        }
    }
}
