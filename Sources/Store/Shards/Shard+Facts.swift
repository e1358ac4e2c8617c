public import Structures
internal import Primitives

/// What clients may ask of a value without looking into it.
extension Shard {
    /// OBJECT ENCODING's name.
    ///
    /// Every kind has its line here.
    public static func encodingName(_ entry: Entry) -> StaticString {
        switch entry.kind {
        case .string:
            switch entry.stringEncoding {
            case .integer: "int"
            case .inline: entry.inlineValue.count <= 44 ? "embstr" : "raw"
            case .edited, .external: "raw"
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
        case .member: preconditionFailure("members are no keys")
        }
    }

    /// The bytes of the table of keys itself, and of its hints about expiries.
    public var tableByteCount: (main: Int, hints: Int) { keys.ownByteCount(arena) }

    /// Counts the pages and blocks of this shard.
    public func count(into usage: inout ArenaUsage) { usage.add(arena) }

    /// The bytes that the key at `slot` takes: its entry, its value, its share of a bucket.
    ///
    /// Every kind of collection has its line here. Complexity: O(1) for strings.
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
