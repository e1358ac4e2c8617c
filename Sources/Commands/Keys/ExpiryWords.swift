internal import Primitives
internal import Wire

/// The expiry options of a command: `EX`, `PX`, `EXAT`, `PXAT` with a time, `KEEPTTL`, `PERSIST`.
///
/// One of them may be repeated, but no two may be combined.
struct ExpiryWords {
    /// Options without a time.
    enum Bare { case keep, persist }

    private var bare: Bare?
    private var time: (unit: ExpiryUnit, word: Bytes)?

    /// Whether the key keeps its expiry, whatever value is stored.
    var keepsExpiry: Bool { bare == .keep }
    /// Whether the key's expiry is removed.
    var persists: Bool { bare == .persist }
    /// Whether a time was given.
    var hasTime: Bool { time != nil }

    /// Parses the option at `index`, and the time after it, to which `index` then moves.
    ///
    /// `allowed` is the option without a time that the command has. Returns false if the word
    /// belongs to another option.
    mutating func take(
        _ arguments: Arguments,
        _ index: inout Int,
        allowing allowed: Bare
    ) throws(CommandError) -> Bool {
        let word = arguments[index]
        if word.isWord(allowed == .keep ? "KEEPTTL" : "PERSIST") {
            guard time == nil else { throw .syntax }
            bare = allowed
            return true
        }
        guard let unit = ExpiryUnit(word) else { return false }
        guard bare == nil, time == nil || time?.unit == unit, index + 1 < arguments.count else {
            throw .syntax
        }
        index += 1
        time = (unit, arguments[index])
        return true
    }

    /// The time given, in milliseconds since 1970; nil if there is none.
    ///
    /// Throws: if the time is invalid.
    func moment(now: Int64) throws(CommandError) -> Int64? {
        guard let time else { return nil }
        return try time.unit.moment(time.word, now: now)
    }
}
