internal import Primitives
internal import Structures
internal import Wire

/// Parses words as stream ids.
extension StreamID {
    /// Parses `word`; `missing` is the sequence number if there is none.
    ///
    /// `-` and `+` are allowed only if `allowsEnds`.
    init(
        _ word: Bytes,
        missing: UInt64 = 0,
        allowsEnds: Bool = false
    ) throws(CommandError) {
        if allowsEnds, word.count == 1, word[0] == UInt8(ascii: "-") || word[0] == UInt8(ascii: "+")
        {
            self = word[0] == UInt8(ascii: "-") ? .zero : .max
            return
        }
        let parts = StreamID.parts(word)
        guard let milliseconds = StreamID.number(parts.milliseconds) else { throw .stream(.id) }
        guard let rest = parts.sequence else {
            self.init(milliseconds, missing)
            return
        }
        guard let sequence = StreamID.number(rest) else { throw .stream(.id) }
        self.init(milliseconds, sequence)
    }

    /// The first number of `word`, and what follows the dash, if there is one.
    static func parts(_ word: Bytes) -> (milliseconds: Bytes, sequence: Bytes?) {
        // As in Redis, a word ends at a zero byte and must fit in a buffer of 128.
        guard word.count < 128 else { return (Bytes(), nil) }
        var end = 0
        while end < word.count, word[end] != 0 { end += 1 }
        var dash = 0
        while dash < end, word[dash] != UInt8(ascii: "-") { dash += 1 }
        return (word[0..<dash], dash < end ? word[dash + 1..<end] : nil)
    }

    /// Parses an unsigned number as C's strtoull does: with leading space, a sign, zeros.
    static func number(_ text: Bytes) -> UInt64? {
        if let number = DecimalText.integer(text) { return UInt64(exactly: number) }
        var index = 0
        while index < text.count, text[index] == UInt8(ascii: " ") || (9...13).contains(text[index])
        {
            index += 1
        }
        let isNegative = index < text.count && text[index] == UInt8(ascii: "-")
        if isNegative || (index < text.count && text[index] == UInt8(ascii: "+")) { index += 1 }
        guard index < text.count else { return nil }
        var value: UInt64 = 0
        while index < text.count {
            let digit = UInt64(text[index] &- UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard digit <= 9, !overflow, !carry else { return nil }
            value = sum
            index += 1
        }
        return isNegative ? 0 &- value : value
    }
}

/// An interval of ids that includes both ends.
struct StreamInterval {
    let lower: StreamID
    let upper: StreamID

    /// Parses the bounds; a bound after `(` is exclusive.
    init(lower: Bytes, upper: Bytes) throws(CommandError) {
        guard let first = try StreamInterval.end(lower, missing: 0, beyond: { $0.next }) else {
            throw .streamWords(.intervalStart)
        }
        guard let last = try StreamInterval.end(upper, missing: .max, beyond: { $0.previous })
        else { throw .streamWords(.intervalEnd) }
        self.lower = first
        self.upper = last
    }

    /// The end that `word` stands for; nil if it is exclusive and nothing lies beyond it.
    private static func end(
        _ word: Bytes,
        missing: UInt64,
        beyond: (StreamID) -> StreamID?
    ) throws(CommandError) -> StreamID? {
        guard word.count > 1, word[0] == UInt8(ascii: "(") else {
            return try StreamID(word, missing: missing, allowsEnds: true)
        }
        return beyond(try StreamID(word.dropFirst(1), missing: missing))
    }
}
