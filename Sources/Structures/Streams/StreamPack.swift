public import Primitives

/// A run of stream entries in one block.
///
/// ```text
/// 0      4         8         12         16      20      24       40
/// ┌──────┬─────────┬─────────┬──────────┬───────┬───────┬────────┬────────┬────────┬─────────
/// │ used │ entries │ deleted │ listpack │ start │ field │ first  │ last   │ fields │ entries…
/// │      │         │         │ bytes    │       │ count │ id     │ id     │        │
/// └──────┴─────────┴─────────┴──────────┴───────┴───────┴────────┴────────┴────────┴─────────
/// an entry
/// ┌─────────────┬──────────────────────┬───────────────┬──────────┬─────────────┬──────────────
/// │ length      │ deleted:1 own:1      │ milliseconds  │ sequence │ if own:     │ values, or
/// │ of the rest │ milliseconds:3 seq:3 │ since before  │          │ field count │ own fields too
/// └─────────────┴──────────────────────┴───────────────┴──────────┴─────────────┴──────────────
/// ```
/// The fields of the first entry are stored once; entries with the same fields store only their
/// values. An entry's id is relative to the one before: the difference in milliseconds, and if that
/// is zero, the difference in sequence numbers less one. Each takes 0, 1, 2, 4 or 8 bytes. Lengths
/// and counts take 1, 2 or 5 bytes: `0nnnnnnn`, `10nnnnnn nnnnnnnn`, `11000000` and 4 bytes. An
/// entry of the same millisecond with two values of 6 bytes takes 16 bytes (24 in a listpack).
///
/// `listpack bytes` is the size that Redis' listpack would have by now, without its two counters.
///
/// ## Invariants
/// Ids strictly ascend; `first` and `last` are those of the outermost entries, including deleted
/// ones. The entries fill `start ..< used` exactly.
public struct StreamPack: Sendable {
    static let fieldsOffset = 56
    static let deletedBit: UInt8 = 1
    static let ownFieldsBit: UInt8 = 2

    let cell: Cell

    /// Views the pack in `cell`.
    public init(_ cell: Cell) { self.cell = cell }

    var used: Int {
        get { Int(cell.load(0, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 0) }
    }

    /// The number of entries, including deleted ones.
    var entryCount: Int {
        get { Int(cell.load(4, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 4) }
    }

    /// The number of entries marked as deleted.
    var deletedCount: Int {
        get { Int(cell.load(8, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 8) }
    }

    /// The number of entries that are not deleted.
    var count: Int { entryCount - deletedCount }

    var listpackBody: Int {
        get { Int(cell.load(12, as: UInt32.self)) }
        nonmutating set { cell.store(UInt32(newValue), 12) }
    }

    /// The size that Redis' listpack would have, in bytes.
    var listpackByteCount: Int {
        listpackBody + StreamWord.listpackByteCount(Int64(count))
            + StreamWord.listpackByteCount(Int64(deletedCount))
    }

    var start: Int { Int(cell.load(16, as: UInt32.self)) }
    var fieldCount: Int { Int(cell.load(20, as: UInt32.self)) }
    var firstID: StreamID { cell.load(24) }

    var lastID: StreamID {
        get { cell.load(40) }
        nonmutating set { cell.store(newValue, 40) }
    }

    // MARK: Reading

    /// An entry and where it is stored.
    ///
    /// Valid until its stream changes.
    public struct Item {
        /// The id.
        public let id: StreamID
        let pack: StreamPack
        let head: Int
        let body: Int
        let end: Int

        var isDeleted: Bool { pack.cell.byte(head) & StreamPack.deletedBit != 0 }

        /// Marks the entry as deleted.
        func delete() {
            pack.cell.store(pack.cell.byte(head) | StreamPack.deletedBit, head)
            pack.deletedCount += 1
        }

        private var ownsFields: Bool { pack.cell.byte(head) & StreamPack.ownFieldsBit != 0 }

        /// The number of field-value pairs.
        public var fieldCount: Int {
            guard ownsFields else { return pack.fieldCount }
            var place = body
            return StreamPack.readCount(pack.cell, &place)
        }

        /// Calls `body` with fields and values, alternately.
        public func forEachWord(_ body: (StreamWord) -> Void) {
            var place = self.body
            if ownsFields {
                for _ in 0..<StreamPack.readCount(pack.cell, &place) {
                    body(StreamWord.read(pack.cell, &place))
                    body(StreamWord.read(pack.cell, &place))
                }
            } else {
                var fieldPlace = StreamPack.fieldsOffset
                for _ in 0..<pack.fieldCount {
                    body(StreamWord.read(pack.cell, &fieldPlace))
                    body(StreamWord.read(pack.cell, &place))
                }
            }
            assert(place == end, "an entry ends where its length says")
        }
    }

    /// An iteration over the entries, including deleted ones.
    struct Cursor {
        let pack: StreamPack
        private var place: Int
        private var id: StreamID
        private let end: Int

        init(_ pack: StreamPack) {
            self.pack = pack
            place = pack.start
            end = pack.used
            let first = pack.firstID
            // The first entry is stored relative to an imaginary predecessor.
            id = StreamID(first.milliseconds, first.sequence &- 1)
        }

        /// Advances to the next entry, or nil.
        @inline(__always)
        mutating func next() -> Item? {
            guard place < end else { return nil }
            let length = StreamPack.readCount(pack.cell, &place)
            let head = place
            place &+= length
            return pack.item(head, end: place, after: &id)
        }
    }

    /// Reads the entry at `head`; `id` is that of the previous entry, and becomes this one's.
    @inline(__always)
    func item(_ head: Int, end: Int, after id: inout StreamID) -> Item {
        let flags = cell.byte(head)
        var place = head &+ 1
        let milliseconds = StreamPack.readPart(flags >> 2 & 7, cell, &place)
        let sequence = StreamPack.readPart(flags >> 5, cell, &place)
        id.sequence = milliseconds == 0 ? id.sequence &+ 1 &+ sequence : sequence
        id.milliseconds &+= milliseconds
        return Item(id: id, pack: self, head: head, body: place, end: end)
    }

    /// The entry `id`, or nil if it is absent or deleted.
    func find(_ id: StreamID) -> Item? {
        var cursor = Cursor(self)
        while let item = cursor.next() {
            if item.id < id { continue }
            return item.id == id && !item.isDeleted ? item : nil
        }
        return nil
    }

    /// Calls `body` with the entries from `lower` to `upper`, in ascending order.
    ///
    /// Stops when `body` returns false; returns whether it never did.
    func walk(_ lower: StreamID, _ upper: StreamID, _ body: (Item) -> Bool) -> Bool {
        var cursor = Cursor(self)
        while let item = cursor.next() {
            if item.id < lower || item.isDeleted { continue }
            guard item.id <= upper else { return false }
            guard body(item) else { return false }
        }
        return true
    }

    /// As `walk`, in descending order.
    ///
    /// Records the offsets of 64 entries at a time, as entries can only be read forwards.
    func walkDown(_ lower: StreamID, _ upper: StreamID, _ body: (Item) -> Bool) -> Bool {
        var total = 0
        var cursor = Cursor(self)
        while let item = cursor.next(), item.id <= upper { total += 1 }
        var heads = InlineArray<64, UInt32>(repeating: 0)
        var ends = InlineArray<64, UInt32>(repeating: 0)
        var befores = InlineArray<64, StreamID>(repeating: .zero)
        while total > 0 {
            let window = (total - 1) / 64 * 64
            var cursor = Cursor(self)
            var before = StreamID(firstID.milliseconds, firstID.sequence &- 1)
            var index = 0
            while index < total, let item = cursor.next() {
                heads[index % 64] = UInt32(item.head)
                ends[index % 64] = UInt32(item.end)
                befores[index % 64] = before
                before = item.id
                index += 1
            }
            for index in stride(from: total - 1, through: window, by: -1) {
                var id = befores[index % 64]
                let end = Int(ends[index % 64])
                let item = item(Int(heads[index % 64]), end: end, after: &id)
                if item.isDeleted { continue }
                guard id >= lower, body(item) else { return false }
            }
            total = window
        }
        return true
    }

    /// Reads a number with the given size code.
    @inline(__always)
    private static func readPart(_ code: UInt8, _ cell: Cell, _ place: inout Int) -> UInt64 {
        let start = place
        switch code {
        case 0: return 0
        case 1:
            place &+= 1
            return UInt64(cell.byte(start))
        case 2:
            place &+= 2
            return UInt64(cell.load(start, as: UInt16.self))
        case 3:
            place &+= 4
            return UInt64(cell.load(start, as: UInt32.self))
        default:
            place &+= 8
            return cell.load(start)
        }
    }

    /// Reads the length or count at `place`.
    @inline(__always)
    static func readCount(_ cell: Cell, _ place: inout Int) -> Int {
        let head = cell.byte(place)
        place &+= 1
        if _fastPath(head < 0x80) { return Int(head) }
        if head < 0xC0 {
            place &+= 1
            return Int(head & 0x3F) << 8 | Int(cell.byte(place &- 1))
        }
        place &+= 4
        return Int(cell.load(place &- 4, as: UInt32.self))
    }

    // MARK: Invariants

    /// Whether the entries fill the bytes in use, ascend, and are counted; for tests.
    public var isValid: Bool {
        var cursor = Cursor(self)
        var before: StreamID?
        var found = 0
        var deleted = 0
        var end = start
        while let item = cursor.next() {
            if let before, before >= item.id { return false }
            if before == nil, item.id != firstID { return false }
            before = item.id
            found += 1
            deleted += item.isDeleted ? 1 : 0
            end = item.end
        }
        return found == entryCount && deleted == deletedCount && before == lastID && end == used
    }
}
