internal import Primitives
internal import Wire

/// The options of ZADD and the results of applying them to members.
struct SortedSetAddOptions {
    private(set) var needsAbsent = false
    private(set) var needsPresent = false
    private(set) var needsGreater = false
    private(set) var needsLess = false
    private(set) var countsChanges = false
    /// Whether to add the score to the old one.
    private(set) var increments: Bool
    /// The index of the first score.
    private(set) var start = 2

    /// Parses the words from 2 on, up to the first one that is not an option.
    init(_ arguments: Arguments, increments: Bool) throws(CommandError) {
        self.increments = increments
        while start < arguments.count, readOption(arguments[start]) { start += 1 }
        let rest = arguments.count - start
        guard rest > 0, rest % 2 == 0 else { throw .syntax }
        if needsAbsent, needsPresent {
            throw .sortedSet(.presentAndAbsent)
        }
        if needsGreater && needsAbsent || needsLess && needsAbsent || needsGreater && needsLess {
            throw .sortedSet(.greaterLessAbsent)
        }
        if self.increments, rest > 2 {
            throw .sortedSet(.incrementPairs)
        }
    }

    private mutating func readOption(_ word: Bytes) -> Bool {
        // Scores, which are most words here, start with a digit, a sign or a point.
        guard word.count >= 2, word.count <= 4, word[0] > UInt8(ascii: "9") else { return false }
        if word.isWord("NX") {
            needsAbsent = true
        } else if word.isWord("XX") {
            needsPresent = true
        } else if word.isWord("GT") {
            needsGreater = true
        } else if word.isWord("LT") {
            needsLess = true
        } else if word.isWord("CH") {
            countsChanges = true
        } else if word.isWord("INCR") {
            increments = true
        } else {
            return false
        }
        return true
    }

    /// The results so far.
    struct Tally {
        var added = 0
        var updated = 0
        /// The new score of the last member; nil if a condition failed.
        var score: Double?
        var isNotNumber = false
    }

    /// The new score of a member with the score `old` (nil: absent); nil to leave it unchanged.
    func decide(_ old: Double?, _ given: Double, _ tally: inout Tally) -> Double? {
        guard let old else {
            guard !needsPresent else { return nil }
            tally.added += 1
            tally.score = given
            return given
        }
        guard !needsAbsent else { return nil }
        let score = increments ? old + given : given
        guard !score.isNaN else {
            tally.isNotNumber = true
            return nil
        }
        if needsLess && score >= old || needsGreater && score <= old { return nil }
        tally.score = score
        guard score != old else { return nil }
        tally.updated += 1
        return score
    }
}
