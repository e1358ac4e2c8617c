internal import Primitives
internal import Wire

/// Parsing scores, most of which are short decimals.
extension Arguments {
    /// The word at `index` as a score.
    func score(_ index: Int) throws(CommandError) -> Double {
        if let score = ScoreReader.short(self[index]) { return score }
        return try float(index)
    }
}

/// Parses scores.
enum ScoreReader {
    /// The maximum number of digits that a double always represents exactly.
    private static let digitsMax = 15
    private static let powers: InlineArray<16, Double> = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// The number in `text` if it consists of at most 15 digits, with an optional sign and point.
    ///
    /// Nil for all other texts. Integers of up to 15 digits and powers of ten up to 10¹⁵ are exact
    /// as doubles, so a single division yields the nearest double.
    ///
    /// Source: W. Clinger, "How to Read Floating Point Numbers Accurately", 1990.
    static func short(_ text: Bytes) -> Double? {
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        guard text.count > index, text.count <= digitsMax + 2 else { return nil }
        var whole: Int64 = 0
        var digits = 0
        var pointAt: Int?
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            if digit <= 9 {
                whole = whole &* 10 &+ Int64(digit)
                digits += 1
            } else if text[index] == UInt8(ascii: "."), pointAt == nil {
                pointAt = digits
            } else {
                return nil
            }
            index += 1
        }
        guard digits > 0, digits <= digitsMax else { return nil }
        let magnitude = pointAt.map { Double(whole) / powers[digits - $0] } ?? Double(whole)
        return isNegative ? -magnitude : magnitude
    }

    /// A bound of a range of scores: a number, preceded by `(` if it is exclusive.
    ///
    /// As with C's strtod, leading space is skipped and an empty number is zero.
    static func bound(_ word: Bytes) throws(CommandError) -> (score: Double, isExcluded: Bool) {
        let isExcluded = word.count > 0 && word[0] == UInt8(ascii: "(")
        var text = isExcluded ? word.dropFirst(1) : word
        if text.isEmpty { return (0, isExcluded) }
        while text.count > 0, text[0] == UInt8(ascii: " ") || text[0] &- 9 < 5 {
            text = text.dropFirst(1)
        }
        guard let score = short(text) ?? FloatText.numberInAnyRange(text) else {
            throw .sortedSet(.scoreBound)
        }
        return (score, isExcluded)
    }
}
