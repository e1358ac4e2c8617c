public import Primitives

/// Which keys indexes over hashes cover: those of a database that begin with a prefix.
///
/// Every worker has one of its own, so that a write of a key shares nothing with other workers.
public struct IndexedPrefixes: Sendable {
    private struct Rule {
        let database: Int
        /// Where the prefix is in `text`.
        let start: Int
        let count: Int
    }

    private var rules: [Rule] = []
    private var text: [UInt8] = []

    /// No keys.
    public init() {}

    /// Adds the keys of `database` that begin with `prefix`.
    public mutating func add(_ prefix: [UInt8], of database: Int) {
        rules.append(Rule(database: database, start: text.count, count: prefix.count))
        text += prefix
    }

    /// Whether a key is covered.
    ///
    /// Complexity: O(bytes of all prefixes).
    public func cover(_ key: Bytes, of database: Int) -> Bool {
        text.withBytes { text in
            for rule in rules where rule.database == database && rule.count <= key.count {
                if text[rule.start..<rule.start + rule.count] == key[0..<rule.count] { return true }
            }
            return false
        }
    }
}
