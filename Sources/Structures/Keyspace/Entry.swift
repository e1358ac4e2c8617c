public import Primitives

/// The kind of an entry.
public enum EntryKind: UInt8, Sendable, BitwiseCopyable {
    case string = 0
    case list = 1
    case set = 2
    case sortedSet = 3
    case hash = 4
    case stream = 5
    /// A member of a set or sorted set: a key without a value.
    case member = 6
}

/// How a string entry stores its value.
public enum StringEncoding: UInt8, Sendable, BitwiseCopyable {
    /// Length and bytes in the entry.
    case inline = 0
    /// A 64-bit integer, 8 bytes.
    case integer = 1
    /// The address of a `SharedBlock`, 8 bytes.
    case external = 2
    /// As `inline`, but edited in place since it was set; OBJECT ENCODING reports `raw`.
    case edited = 3
    /// No value: the null field of a hash; keys never have it.
    case null = 7
}

/// A key and its value or score, in one block of an arena.
///
/// Keys of the keyspace, fields of large hashes and members of large sets and sorted sets are all
/// entries.
///
/// ```text
/// 0          1          2           10           14
/// ┌──────────┬──────────┬───────────┬────────────┬─────┬───────────────────────────────┐
/// │ enc:3    │ key      │ word      │ key length │ key │ value                         │
/// │ word:1   │ length,  │ 8 bytes,  │ 4 bytes,   │     │  string inline:  varint, bytes │
/// │ fetched:1│ 255=long │ if word=1 │ if 255     │     │  string integer: 8 bytes       │
/// │ kind:3   │          │           │            │     │  string external: 8 bytes      │
/// └──────────┴──────────┴───────────┴────────────┴─────┤  collection: handle, 4 bytes   │
///                                                      │  member, null field: nothing   │
///                                                      └───────────────────────────────┘
/// ```
/// The word is the expiry in milliseconds since 1970 (keys, fields) or the score (members of sorted
/// sets). The highest bit of a string's encoding means that the value is preceded by an `ItemHead`,
/// which memcached's protocols need. The varint takes one byte up to 127, otherwise two:
/// `1hhhhhhh llllllll`. A key of 20 bytes with a value of 32 takes 55 bytes, or 63 with an expiry.
@frozen
public struct Entry: Sendable {
    /// The block.
    public let cell: Cell

    /// Views the entry in `cell`.
    @inlinable
    @inline(__always)
    public init(_ cell: Cell) { self.cell = cell }

    /// The longest key whose length fits in the header byte.
    public static let shortKeyMax = 254
    /// The longest value stored inline.
    public static let inlineValueMax = 8191
    @usableFromInline static let longKey: UInt8 = 255
    @usableFromInline static let wordBit: UInt8 = 0x10
    @usableFromInline static let fetchedBit: UInt8 = 0x08
    @usableFromInline static let kindMask: UInt8 = 0x07
    /// The bit of a string's encoding that marks an item: an `ItemHead` precedes its value.
    public static let itemBit: UInt8 = 4

    // MARK: Header

    /// The kind.
    @inlinable
    public var kind: EntryKind {
        guard let kind = EntryKind(rawValue: cell.byte(0) & Entry.kindMask) else {
            preconditionFailure("an entry has a kind")
        }
        return kind
    }

    /// Whether the entry is of kind `kind`; cheaper than reading `kind`.
    @inlinable
    @inline(__always)
    public func isKind(_ kind: EntryKind) -> Bool {
        cell.byte(0) & Entry.kindMask == kind.rawValue
    }

    /// Whether one of memcached's protocols has read the value since it was set.
    @inlinable
    public var isFetched: Bool {
        get { cell.byte(0) & Entry.fetchedBit != 0 }
        nonmutating set {
            let rest = cell.byte(0) & ~Entry.fetchedBit
            cell.store(newValue ? rest | Entry.fetchedBit : rest, 0)
        }
    }

    /// The encoding, 0...7; its meaning depends on the kind.
    @inlinable
    public var encoding: UInt8 {
        get { cell.byte(0) >> 5 }
        nonmutating set { cell.store(cell.byte(0) & 0x1F | newValue << 5, 0) }
    }

    /// Whether the entry has a word: an expiry or a score.
    @inlinable
    @inline(__always)
    public var hasWord: Bool { cell.byte(0) & Entry.wordBit != 0 }

    @inlinable
    var isLong: Bool { cell.byte(1) == Entry.longKey }

    /// The offset of the key's first byte.
    @inlinable
    @inline(__always)
    public var keyOffset: Int {
        let word = Int(cell.byte(0) & Entry.wordBit) >> 1
        return 2 &+ word &+ (isLong ? 4 : 0)
    }

    /// The length of the key in bytes.
    @inlinable
    @inline(__always)
    public var keyCount: Int {
        let short = cell.byte(1)
        if _fastPath(short != Entry.longKey) { return Int(short) }
        return Int(cell.load(hasWord ? 10 : 2, as: UInt32.self))
    }

    /// The key.
    @inlinable
    @inline(__always)
    public var key: Bytes { cell.bytes(keyOffset, keyCount) }

    /// The offset of the value.
    @inlinable
    @inline(__always)
    public var valueOffset: Int { keyOffset &+ keyCount }

    // MARK: Word

    /// The expiry in milliseconds since 1970, or nil if there is none.
    @inlinable
    public var expiry: Int64? {
        // The explicit type matters: an inferred optional would load a ninth byte, which is the
        // key's.
        hasWord ? cell.load(2, as: Int64.self) : nil
    }

    /// Whether the entry has expired at `now` (milliseconds since 1970).
    @inlinable
    @inline(__always)
    public func isDue(_ now: Int64) -> Bool { hasWord && cell.load(2, as: Int64.self) <= now }

    /// The score of a sorted set's member.
    @inlinable
    public var score: Double {
        get { cell.load(2) }
        nonmutating set { cell.store(newValue, 2) }
    }

    // MARK: Value

    /// How a string stores its value, with or without an `ItemHead` before it.
    @inlinable
    public var stringEncoding: StringEncoding {
        cell.byte(0) >> 5 == StringEncoding.null.rawValue ? .null : keyEncoding
    }

    /// How the string of a key, which is never null, stores its value.
    @inlinable
    @inline(__always)
    public var keyEncoding: StringEncoding {
        guard let encoding = StringEncoding(rawValue: cell.byte(0) >> 5 & 3) else {
            preconditionFailure("a string has an encoding")
        }
        return encoding
    }

    /// Whether the string of a key has an `ItemHead` before its value.
    @inlinable
    @inline(__always)
    public var isItem: Bool { cell.byte(0) & Entry.itemBit << 5 != 0 }

    /// The offset of a string's value, after its `ItemHead` if it has one.
    @inlinable
    public var stringOffset: Int {
        let offset = valueOffset
        return isItem ? offset &+ ItemHead.byteCount(mask: cell.byte(offset)) : offset
    }

    /// What memcached's protocols keep in addition to a string; nothing for a plain one.
    public var itemHead: ItemHead { isItem ? ItemHead(cell, valueOffset) : ItemHead() }

    /// The bytes of an inline string.
    @inlinable
    public var inlineValue: Bytes { inlineValue(at: stringOffset) }

    /// The bytes of an inline string whose value is at `offset`.
    @inlinable
    @inline(__always)
    public func inlineValue(at offset: Int) -> Bytes {
        let first = cell.byte(offset)
        if first < 128 { return cell.bytes(offset &+ 1, Int(first)) }
        let count = Int(first & 127) << 8 | Int(cell.byte(offset &+ 1))
        return cell.bytes(offset &+ 2, count)
    }

    /// The value of an integer string.
    @inlinable
    public var integer: Int64 {
        get { cell.load(valueOffset) }
        nonmutating set { cell.store(newValue, valueOffset) }
    }

    /// The address of an external value's block.
    @inlinable
    public var externalAddress: UInt {
        get { cell.load(stringOffset) }
        nonmutating set { cell.store(newValue, stringOffset) }
    }

    /// The handle of a collection's block.
    @inlinable
    public var collection: Handle {
        get { Handle(units: cell.load(valueOffset)) }
        nonmutating set { cell.store(newValue.units, valueOffset) }
    }

    /// The size of the whole entry in bytes.
    public var byteCount: Int {
        let offset = valueOffset
        switch kind {
        case .member: return offset
        case .list, .set, .sortedSet, .hash, .stream: return offset + 4
        case .string:
            let encoding = stringEncoding
            let start = encoding == .null ? offset : stringOffset
            switch encoding {
            case .null: return start
            case .integer, .external: return start + 8
            case .inline, .edited:
                let value = inlineValue(at: start)
                return start + Entry.lengthCount(value.count) + value.count
            }
        }
    }

    // MARK: Creating

    @inlinable
    static func lengthCount(_ valueCount: Int) -> Int { valueCount < 128 ? 1 : 2 }

    /// The size of an entry with a key of `key` bytes and a value part of `payload` bytes.
    @inlinable
    public static func byteCount(key: Int, hasWord: Bool, payload: Int) -> Int {
        2 &+ (hasWord ? 8 : 0) &+ (key > shortKeyMax ? 4 : 0) &+ key &+ payload
    }

    /// The size of the value part of an inline string of `count` bytes.
    @inlinable
    public static func inlinePayload(_ count: Int) -> Int { lengthCount(count) &+ count }

    /// Writes header, word and key; the caller then writes the value part.
    ///
    /// Returns the value's offset.
    @inlinable
    @discardableResult
    public func write(kind: EntryKind, encoding: UInt8, word: UInt64?, key: Bytes) -> Int {
        let wordFlag: UInt8 = word == nil ? 0 : Entry.wordBit
        cell.store(kind.rawValue | wordFlag | encoding << 5, 0)
        var offset = 2
        if let word {
            cell.store(word, 2)
            offset = 10
        }
        if _fastPath(key.count <= Entry.shortKeyMax) {
            cell.store(UInt8(truncatingIfNeeded: key.count), 1)
        } else {
            cell.store(Entry.longKey, 1)
            cell.store(UInt32(key.count), offset)
            offset &+= 4
        }
        cell.put(key, offset)
        return offset &+ key.count
    }

    /// Overwrites kind, encoding and word; `word` must be nil exactly if the entry has none.
    @inlinable
    func setHead(kind: EntryKind, encoding: UInt8, word: UInt64?) {
        assert(hasWord == (word != nil), "the word can be neither added nor removed")
        cell.store(cell.byte(0) & Entry.wordBit | kind.rawValue | encoding << 5, 0)
        if let word { cell.store(word, 2) }
    }

    /// Writes an inline value at `offset`.
    @inlinable
    public func writeInline(_ value: Bytes, at offset: Int) {
        cell.put(value, writeInlineCount(value.count, at: offset))
    }

    /// Writes the length of an inline value at `offset`; returns the offset of its bytes.
    @inlinable
    public func writeInlineCount(_ count: Int, at offset: Int) -> Int {
        assert(count <= Entry.inlineValueMax, "too long to be stored inline")
        if count < 128 {
            cell.store(UInt8(truncatingIfNeeded: count), offset)
            return offset &+ 1
        }
        cell.store(UInt8(truncatingIfNeeded: count >> 8) | 128, offset)
        cell.store(UInt8(truncatingIfNeeded: count), offset &+ 1)
        return offset &+ 2
    }
}
