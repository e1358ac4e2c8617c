public import Structures
internal import Primitives

/// Facts about values that clients may ask for, without reading their contents.
extension Shard {
    /// The name reported by OBJECT ENCODING.
    ///
    /// Every kind of value has a case here.
    public static func encodingName(_ entry: Entry) -> StaticString {
        switch entry.kind {
        case .string:
            switch entry.stringEncoding {
            case .integer: "int"
            case .inline: entry.inlineValue.count <= 44 ? "embstr" : "raw"
            case .edited, .external: "raw"
            case .null: preconditionFailure("only fields are null")
            }
        case .sortedSet: entry.encoding == 0 ? "listpack" : "skiplist"
        case .stream: "stream"
        case .list: entry.encoding == 0 ? "listpack" : "quicklist"
        case .set:
            switch SetContent.Encoding(rawValue: entry.encoding) {
            case .integers: "intset"
            case .pack: "listpack"
            case .table, nil: "hashtable"
            }
        case .hash: HashValue.encodingName(entry)
        case .member: preconditionFailure("members are not keys")
        }
    }

    /// The size of the table of keys, and of its expiry hints, in bytes.
    public var tableByteCount: (main: Int, hints: Int) { keys.ownByteCount(arena) }

    /// Adds the pages and blocks of this shard to `usage`.
    public func count(into usage: inout ArenaUsage) { usage.add(arena) }

    /// The bytes that the key at `slot` takes: its entry, its value, its share of a bucket.
    ///
    /// Every kind of collection has a case here.
    ///
    /// Complexity: O(1) for strings.
    public func byteCount(_ slot: Slot) -> Int {
        let entry = slot.entry
        let own = arena.capacity(arena.handle(of: entry.cell)) + 12
        switch entry.kind {
        case .string:
            guard entry.stringEncoding == .external else { return own }
            return own + SharedBlock(address: entry.externalAddress).byteCount
        case .sortedSet: return own + SortedSetValue(slot).byteCount
        case .stream: return own + StreamValue(slot).byteCount
        case .set: return own + SetContent(entry, in: self).byteCount
        case .hash: return own + HashValue(slot).byteCount
        case .list: return own + ListValue(slot).byteCount
        case .member: return own
        }
    }
}
