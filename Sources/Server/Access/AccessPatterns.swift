internal import Primitives
internal import Structures

/// Patterns for keys or channels with their rights, in the order of addition.
///
/// Many patterns are found by their literal prefixes, up to the first special character: a text is
/// looked up once for every prefix length in use. A match takes O(lengths × log patterns), plus the
/// patterns that share a prefix with the text.
///
/// ## Invariants
/// `sorted` has the index of every pattern, sorted by prefix; `lengths` has each prefix length in
/// use once.
struct AccessPatterns: Equatable, Sendable {
    /// What may be done with a key.
    struct Rights: OptionSet {
        let rawValue: UInt8
        static let read = Rights(rawValue: 1)
        static let write = Rights(rawValue: 2)
        static let all: Rights = [.read, .write]
    }

    /// A pattern.
    struct Pattern: Equatable {
        let text: [UInt8]
        var rights: Rights
        /// The length of the literal prefix: the bytes before the first special character.
        let beginning: Int

        init(_ text: [UInt8], _ rights: Rights) {
            self.text = text
            self.rights = rights
            beginning = text.firstIndex { "*?[\\".utf8.contains($0) } ?? text.count
        }

        func matches(_ word: Bytes) -> Bool {
            text.withBytes { GlobPattern($0).matches(word) }
        }
    }

    /// Up to this many patterns are simply tried one by one.
    private static let triedInTurnMax = 16

    private(set) var list: [Pattern] = []
    private var places: [[UInt8]: Int] = [:]
    private var sorted: [Int] = []
    private var lengths: [Int] = []

    /// Adds a pattern, or adds rights to an existing one.
    mutating func add(_ text: [UInt8], _ rights: Rights) {
        if let place = places[text] {
            list[place].rights.formUnion(rights)
        } else {
            places[text] = list.count
            list.append(Pattern(text, rights))
        }
    }

    /// Removes all patterns.
    mutating func removeAll() { self = AccessPatterns() }

    /// Builds the index of the added patterns.
    mutating func settle() {
        sorted = list.indices.sorted { compare($0, $1) < 0 }
        lengths = Set(list.map(\.beginning)).sorted()
    }

    /// Whether a pattern grants all of `rights` for `word`.
    func allow(_ word: Bytes, _ rights: Rights) -> Bool {
        guard list.count > AccessPatterns.triedInTurnMax else {
            return list.contains { $0.rights.isSuperset(of: rights) && $0.matches(word) }
        }
        for length in lengths where length <= word.count {
            let found = has(beginning: word[0..<length]) {
                $0.rights.isSuperset(of: rights) && $0.matches(word)
            }
            if found { return true }
        }
        return false
    }

    /// Whether `text` is one of the patterns.
    func contains(_ text: Bytes) -> Bool {
        let special = (0..<text.count).first { "*?[\\".utf8.contains(text[$0]) }
        return has(beginning: text[0..<(special ?? text.count)]) {
            $0.text.withBytes { $0 == text }
        }
    }

    /// Whether any of the patterns with exactly this prefix satisfies a condition.
    private func has(beginning: Bytes, _ condition: (Pattern) -> Bool) -> Bool {
        assert(sorted.count == list.count, "the patterns are settled")
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            let order = withBeginning(sorted[middle]) { $0.compare(beginning) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        while low < sorted.count, withBeginning(sorted[low], { $0 == beginning }) {
            if condition(list[sorted[low]]) { return true }
            low += 1
        }
        return false
    }

    private func compare(_ one: Int, _ other: Int) -> Int {
        withBeginning(one) { first in withBeginning(other) { first.compare($0) } }
    }

    private func withBeginning<Result>(_ place: Int, _ body: (Bytes) -> Result) -> Result {
        list[place].text.withBytes { body($0[0..<list[place].beginning]) }
    }
}
