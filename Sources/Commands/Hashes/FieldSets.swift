internal import Primitives
internal import Wire

/// The field sets that a client has prepared for HIMPORT SET: lists of field names, by name.
///
/// ```text
/// text   │ name │ age │ city │      the names of the fields, one after the other
/// ends   │  4   │  7  │  11  │
/// ```
/// They belong to the client's session and end with it.
public struct FieldSets {
    /// The maximum number of fields of a set.
    static let fieldsMax = 1 << 16
    /// The maximum size of all sets of a client, in bytes.
    static let bytesMax = 16 << 20
    /// What a set takes in addition to its names, in bytes.
    private static let overheadBytes = 128

    /// A list of field names.
    struct FieldSet {
        fileprivate let name: [UInt8]
        fileprivate var text: [UInt8] = []
        fileprivate var ends: [Int] = []

        /// The number of fields.
        var count: Int { ends.count }

        fileprivate var byteCount: Int {
            name.count + text.count + 8 * ends.count + FieldSets.overheadBytes
        }

        /// Calls `body` with the name of the field at `index`.
        func withField(_ index: Int, _ body: (Bytes) -> Void) {
            let start = index == 0 ? 0 : ends[index - 1]
            text.withBytes { body($0[start..<ends[index]]) }
        }
    }

    /// The sets, and the one that was used last, which most requests use again.
    private final class Contents {
        var sets: [[UInt8]: FieldSet] = [:]
        var recent: FieldSet?
        var byteCount = 0
    }

    /// What there is; nil for most clients, whose sessions stay small.
    private var contents: Contents?

    /// No sets.
    public init() {}

    /// The number of sets.
    var count: Int { contents?.sets.count ?? 0 }

    /// The memory of all sets, in bytes.
    public var byteCount: Int { contents?.byteCount ?? 0 }

    /// The set called `name`.
    func find(_ name: Bytes) -> FieldSet? {
        guard let contents else { return nil }
        if let recent = contents.recent, recent.name.withBytes({ $0 == name }) { return recent }
        guard let set = contents.sets[name.array] else { return nil }
        contents.recent = set
        return set
    }

    /// Adds a set of the fields named by the words from `first` on; replaces the one of its name.
    ///
    /// Returns false if there is no room for it.
    mutating func insert(_ name: Bytes, _ words: Arguments, from first: Int) -> Bool {
        var set = FieldSet(name: name.array)
        set.ends.reserveCapacity(words.count - first)
        for index in first..<words.count {
            set.text.append(words[index])
            set.ends.append(set.text.count)
        }
        let contents = contents ?? Contents()
        let growth = set.byteCount - (contents.sets[set.name]?.byteCount ?? 0)
        guard contents.byteCount + growth <= FieldSets.bytesMax else { return false }
        contents.byteCount += growth
        contents.sets[set.name] = set
        contents.recent = set
        self.contents = contents
        return true
    }

    /// Removes a set; returns whether there was one.
    mutating func remove(_ name: Bytes) -> Bool {
        guard let contents, let set = contents.sets.removeValue(forKey: name.array) else {
            return false
        }
        contents.byteCount -= set.byteCount
        contents.recent = nil
        if contents.sets.isEmpty { self.contents = nil }
        return true
    }

    /// Removes all sets; returns how many there were.
    mutating func removeAll() -> Int {
        defer { contents = nil }
        return count
    }
}
