internal import Primitives

/// The unit of an expiry option: `EX`, `PX`, `EXAT`, `PXAT`.
enum ExpiryUnit {
    case seconds, milliseconds, unixSeconds, unixMilliseconds

    /// The unit that `word` stands for, ignoring case.
    init?(_ word: Bytes) {
        if word.isWord("EX") {
            self = .seconds
        } else if word.isWord("PX") {
            self = .milliseconds
        } else if word.isWord("EXAT") {
            self = .unixSeconds
        } else if word.isWord("PXAT") {
            self = .unixMilliseconds
        } else {
            return nil
        }
    }

    /// The time in milliseconds since 1970 that `word` gives in this unit.
    ///
    /// Throws: `notInteger`; `invalidExpire`, if it is not positive or too far in the future.
    func moment(_ word: Bytes, now: Int64) throws(CommandError) -> Int64 {
        guard let number = DecimalText.integer(word) else { throw .notInteger }
        guard number > 0 else { throw .invalidExpire }
        let scale: Int64 = self == .seconds || self == .unixSeconds ? 1000 : 1
        let base: Int64 = self == .seconds || self == .milliseconds ? now : 0
        let (scaled, overflow) = number.multipliedReportingOverflow(by: scale)
        let (moment, carry) = scaled.addingReportingOverflow(base)
        guard !overflow, !carry else { throw .invalidExpire }
        return moment
    }
}
