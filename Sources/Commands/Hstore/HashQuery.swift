public import Primitives
public import Store
public import Wire

/// A question about hashes that an index helps to answer: one of hstore's operators.
///
/// ```text
/// '@>' literal     hashes that contain all pairs        '?' field          that have the field
/// '=' literal      that consist of exactly these        '?&' field …       that have all of them
///                                                       '?|' field …       that have any of them
/// ```
public struct HashQuery: ~Copyable {
    /// How the terms of matching hashes relate to those of the query.
    public enum Rule: Sendable {
        /// They include all of them.
        case every
        /// They include at least one of them.
        case some
    }

    private enum Question {
        case contains, equals, hasEvery, hasSome
    }

    /// The terms of the question.
    public private(set) var terms: [UInt64] = []
    private var question = Question.hasEvery
    private var pairs = FieldPairs()
    private var fields: [Bytes] = []

    /// How the terms are combined.
    public var rule: Rule { question == .hasSome ? .some : .every }

    /// Reads the operator at `places.lowerBound` and its operands.
    ///
    /// Terms are made for fields that `includes` accepts.
    public init(
        _ arguments: Arguments,
        _ places: Range<Int>,
        _ hasher: KeyHasher,
        _ includes: (Bytes) -> Bool
    ) throws(CommandError) {
        guard places.count >= 2 else { throw .wordCount }
        let word = arguments[places.lowerBound]
        let operands = places.lowerBound + 1..<places.upperBound
        if word == Bytes("@>") || word == Bytes("=") {
            question = word == Bytes("=") ? .equals : .contains
            guard operands.count == 1 else { throw .syntax }
            pairs = try FieldPairs(literal: arguments[operands.lowerBound])
            for pair in pairs.pairs where includes(pair.name) {
                let field = HashTerms.field(pair.name, hasher)
                terms.append(HashTerms.pair(field, pair.value, hasher))
            }
            return
        }
        if word == Bytes("?") {
            guard operands.count == 1 else { throw .syntax }
        } else if word == Bytes("?|") {
            question = .hasSome
        } else if !(word == Bytes("?&")) {
            throw .hash(.queryOperator(word))
        }
        for index in operands {
            let name = arguments[index]
            guard includes(name) else { throw .hash(.fieldNotIndexed(name)) }
            fields.append(name)
            terms.append(HashTerms.field(name, hasher))
        }
    }

    /// Whether `hash` matches, regardless of what the index says.
    public func matches(_ hash: HashValue, now: Int64) -> Bool {
        switch question {
        case .hasEvery: return fields.allSatisfy { hash.find($0, now: now) != nil }
        case .hasSome: return fields.contains { hash.find($0, now: now) != nil }
        case .contains, .equals:
            let given = pairs.pairs
            guard given.allSatisfy({ hash.has($0, now: now) }) else { return false }
            let count = hash.liveCount(now: now)
            return question == .equals ? count == given.count : count > 0
        }
    }
}
