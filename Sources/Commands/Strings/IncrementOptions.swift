internal import Primitives
internal import Wire

/// The options of INCREX.
struct IncrementOptions {
    /// The increment and the bounds.
    enum Amount {
        case integer(IncrementRange<Int64>)
        case float(IncrementRange<WideFloat>)
    }

    /// The increment and the bounds.
    let amount: Amount
    /// Whether a result out of bounds becomes the bound; otherwise nothing changes.
    private(set) var saturates = false
    private var words = ExpiryWords()
    private var expiresOnlyFresh = false
    private let moment: Int64?

    /// Parses the words from `start` on.
    init(_ arguments: Arguments, from start: Int, now: Int64) throws(CommandError) {
        var floating: Bytes?
        var integer: Bytes?
        var bounds: (lower: Bytes?, upper: Bytes?)
        var index = start
        while index < arguments.count {
            let word = arguments[index]
            let next = index + 1 < arguments.count ? arguments[index + 1] : nil
            if word.isWord("SATURATE") {
                saturates = true
            } else if word.isWord("ENX") {
                expiresOnlyFresh = true
            } else if try !words.take(arguments, &index, allowing: .persist) {
                guard let next else { throw .syntax }
                if word.isWord("BYFLOAT"), integer == nil {
                    floating = next
                } else if word.isWord("BYINT"), floating == nil {
                    integer = next
                } else if word.isWord("LBOUND") {
                    bounds.lower = next
                } else if word.isWord("UBOUND") {
                    bounds.upper = next
                } else {
                    throw .syntax
                }
                index += 1
            }
            index += 1
        }
        if expiresOnlyFresh, !words.hasTime {
            throw .string(.absentNeedsExpiry)
        }
        amount =
            if let floating {
                .float(try IncrementRange(float: floating, bounds.lower, bounds.upper))
            } else {
                .integer(try IncrementRange(integer: integer, bounds.lower, bounds.upper))
            }
        moment = try words.moment(now: now)
    }

    /// The new expiry of a key with the expiry `old`.
    func expiry(replacing old: Int64?) -> Int64? {
        if words.persists { return nil }
        return expiresOnlyFresh ? old ?? moment : moment ?? old
    }
}

/// An increment and the bounds of the result.
struct IncrementRange<Number> {
    let increment: Number
    let lower: Number
    let upper: Number
}

extension IncrementRange<Int64> {
    init(integer: Bytes?, _ lower: Bytes?, _ upper: Bytes?) throws(CommandError) {
        func read(_ word: Bytes?, _ usual: Int64) throws(CommandError) -> Int64 {
            guard let word else { return usual }
            guard let number = DecimalText.integer(word) else { throw .notInteger }
            return number
        }
        increment = try read(integer, 1)
        self.lower = try read(lower, .min)
        self.upper = try read(upper, .max)
        guard self.lower <= self.upper else { throw .string(.crossedBounds) }
    }

    /// The new number, and what was added to `old`; nil if nothing changes.
    func result(
        _ old: Int64,
        saturates: Bool
    ) throws(CommandError) -> (sum: Int64, added: Int64)? {
        let (sum, carry) = old.addingReportingOverflow(increment)
        let isAbove = carry ? increment > 0 : sum > upper
        let isBelow = carry ? increment < 0 : sum < lower
        guard isAbove || isBelow else { return (sum, increment) }
        guard saturates else { return nil }
        let bound = isAbove ? upper : lower
        let (added, overflow) = bound.subtractingReportingOverflow(old)
        guard !overflow else { throw .overflow }
        return (bound, added)
    }
}

extension IncrementRange<WideFloat> {
    init(float: Bytes, _ lower: Bytes?, _ upper: Bytes?) throws(CommandError) {
        func read(_ word: Bytes?, _ usual: WideFloat) throws(CommandError) -> WideFloat {
            guard let word else { return usual }
            guard let number = WideFloat(word) else { throw .notFloat }
            return number
        }
        increment = try read(float, .zero)
        self.lower = try read(lower, .zero - .greatestFinite)
        self.upper = try read(upper, .greatestFinite)
        guard !(self.upper < self.lower) else { throw .string(.crossedBounds) }
    }

    /// The new number, and what was added to `old`; nil if nothing changes.
    func result(
        _ old: WideFloat,
        saturates: Bool
    ) throws(CommandError) -> (sum: WideFloat, added: WideFloat)? {
        guard old.isFinite, increment.isFinite else { throw .notFinite }
        let sum = old + increment
        let isAbove = upper < sum
        guard isAbove || sum < lower else { return (sum, increment) }
        guard saturates else { return nil }
        let bound = isAbove ? upper : lower
        let added = bound - old
        guard bound.isFinite, added.isFinite else { throw .notFinite }
        return (bound, added)
    }
}
