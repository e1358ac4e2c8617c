internal import Primitives
internal import Wire

/// The words with which a command says how long a key stays: `EX`, `PX`, `EXAT`, `PXAT` with a
/// time, `KEEPTTL`, `PERSIST`.
///
/// One of them may be said twice; no two mix.
struct ExpiryWords {
    /// Words without a time.
    enum Bare { case keep, persist }

    private var bare: Bare?
    private var time: (unit: ExpiryUnit, word: Bytes)?

    /// Whether the key keeps its expiry, whatever is stored.
    var keepsExpiry: Bool { bare == .keep }
    /// Whether the key loses its expiry.
    var persists: Bool { bare == .persist }
    /// Whether a time was given.
    var hasTime: Bool { time != nil }

    /// Takes the word at `index`, and the time behind it, to which `index` moves.
    ///
    /// `allowed` is the word without a time that the command knows. False: it is another option's
    /// word.
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

    /// The moment given in milliseconds since 1970; nil when there is none.
    ///
    /// Throws: what was given is no good time.
    func moment(now: Int64) throws(CommandError) -> Int64? {
        guard let time else { return nil }
        return try time.unit.moment(time.word, now: now)
    }
}
