internal import Primitives
internal import Wire

/// The words of HGETEX and HSETEX after the key: conditions, an expiry, the fields.
struct HashTimedOptions {
    /// Which fields must exist.
    enum Condition { case always, none, all }

    /// FNX or FXX.
    private(set) var fields = Condition.always
    /// NX or XX: whether the key must exist.
    private(set) var needsKey: Bool?
    /// KEEPTTL or PERSIST.
    private(set) var isBare = false
    /// The expiry in milliseconds since 1970.
    private(set) var expiry: Int64?
    /// The range of the fields, each followed by its value for HSETEX.
    private(set) var places = 0..<0

    /// Parses the words from the third on.
    ///
    /// `sets` is true for HSETEX, which has conditions and values, and KEEPTTL instead of PERSIST.
    init(_ arguments: Arguments, sets: Bool, now: Int64) throws(CommandError) {
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            if word.isWord("FIELDS") {
                places = try HashTimedOptions.places(arguments, index, step: sets ? 2 : 1)
                return
            } else if word.isWord(sets ? "KEEPTTL" : "PERSIST") {
                try checkNoTime(sets)
                isBare = true
            } else if let unit = ExpiryUnit(word) {
                try checkNoTime(sets)
                index += 1
                guard index < arguments.count else { throw .hash(.expiryMissing) }
                expiry = try unit.fieldMoment(arguments[index], now: now)
            } else if sets, let condition = HashTimedOptions.condition(word) {
                guard fields == .always else {
                    throw .hash(.oneCondition)
                }
                fields = condition
            } else if sets, word.isWord("NX") || word.isWord("XX") {
                guard needsKey == nil else { throw .syntax }
                needsKey = word.isWord("XX")
            } else {
                throw .hash(.unknownOption(word))
            }
            index += 1
        }
        throw .wordCount
    }

    private func checkNoTime(_ sets: Bool) throws(CommandError) {
        guard isBare || expiry != nil else { return }
        if sets {
            throw .hash(.oneTimeOrKeep)
        }
        throw .hash(.oneTimeOrPersist)
    }

    private static func condition(_ word: Bytes) -> Condition? {
        word.isWord("FNX") ? Condition.none : word.isWord("FXX") ? .all : nil
    }

    private static func places(
        _ arguments: Arguments,
        _ index: Int,
        step: Int
    ) throws(CommandError) -> Range<Int> {
        guard index + 1 + step < arguments.count else { throw .wordCount }
        let count = try arguments.integer(
            index + 1,
            in: 1...Int64(Int32.max),
            or: .hash(.fieldNumber)
        )
        guard count * step == arguments.count - index - 2 else { throw .wordCount }
        return index + 2..<arguments.count
    }
}
