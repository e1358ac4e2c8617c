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

    private var sets: [[UInt8]: FieldSet] = [:]
    /// The set that was used last, which most requests use again.
    private var recent: FieldSet?
    /// The memory of all sets, in bytes.
    public private(set) var byteCount = 0

    /// No sets.
    public init() {}

    /// The number of sets.
    var count: Int { sets.count }

    /// The set called `name`.
    mutating func find(_ name: Bytes) -> FieldSet? {
        if let recent, recent.name.withBytes({ $0 == name }) { return recent }
        guard let set = sets[name.array] else { return nil }
        recent = set
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
        let old = sets[set.name]?.byteCount ?? 0
        guard byteCount - old + set.byteCount <= FieldSets.bytesMax else { return false }
        byteCount += set.byteCount - old
        sets[set.name] = set
        recent = set
        return true
    }

    /// Removes a set; returns whether there was one.
    mutating func remove(_ name: Bytes) -> Bool {
        guard let set = sets.removeValue(forKey: name.array) else { return false }
        byteCount -= set.byteCount
        recent = nil
        return true
    }

    /// Removes all sets; returns how many there were.
    mutating func removeAll() -> Int {
        defer {
            sets = [:]
            recent = nil
            byteCount = 0
        }
        return sets.count
    }
}
